"""Chromium for the browser tests: the headless shell of `@sparticuz/chromium`.

It brings the shared libraries and a font that it needs, so the system need not have
them.
"""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from .npm import node, node_modules, one_at_a_time

_UNPACK = Path(__file__).with_name("unpack_chromium.mjs")
# The pages are our own, and Chromium's sandbox refuses to work for root.
_ARGUMENTS = ["--no-sandbox"]
_WRAPPER = """\
#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""
# The system's fonts, if it has any, cover the scripts and emoji that ours lacks.
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="relative">fonts-cache</cachedir>
</fontconfig>
"""


def chromium() -> tuple[str, list[str]]:
    """Return the path and arguments of `CHROMIUM`, else of the package's browser."""
    if named := os.environ.get("CHROMIUM"):
        return named, _ARGUMENTS
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError("No packaged Chromium runs here: set CHROMIUM to one.")
    folder = node_modules() / ".chromium"
    with one_at_a_time():
        if not folder.is_dir():
            _unpack(folder)
    _lend_node()
    return str(folder / "run"), _ARGUMENTS


def _lend_node() -> None:
    """Give Playwright our Node where its own lacks a library that it is linked to."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node())


def _unpack(folder: Path) -> None:
    """Unpack beside `folder` first, so that an interrupted run leaves no half of it."""
    sys.stderr.write("Unpacking the tests' Chromium ...\n")
    partial = folder.with_name(".chromium-partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    _run_node(partial)
    (partial / "fonts.conf").write_text(_FONTS)
    (partial / "run").write_text(_WRAPPER)
    (partial / "run").chmod(0o755)
    _check_libraries(partial)
    partial.rename(folder)


def _run_node(folder: Path) -> None:
    done = subprocess.run(
        [node(), str(_UNPACK)],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"Unpacking Chromium failed:\n{done.stderr.strip()}")


def _check_libraries(folder: Path) -> None:
    """Name the missing libraries; without this the browser just fails to start."""
    listing = subprocess.run(
        ["ldd", str(folder / "chromium")],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder / "al2023/lib")},
        capture_output=True,
        text=True,
    )
    lines = listing.stdout.splitlines()
    missing = [line.split()[0] for line in lines if "not found" in line]
    if missing:
        raise RuntimeError(f"Chromium lacks {', '.join(missing)}: set CHROMIUM to one.")
