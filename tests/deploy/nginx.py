"""The real nginx, from Debian's package, with the configuration that compose mounts."""

import fcntl
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services import Server
from tests.services.scratch import free_port, scratch_directory
from tests.services.server import Program

from .image import ROOT

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
VARIABLE = re.compile(r"\$\{(HUBBUB_\w+)\}")
INCLUDE = "include /etc/nginx/tls/*.conf;"
# Git ignores it, and `make clean` removes it.
_CACHE = ROOT / ".cache" / "nginx"


@dataclass(frozen=True)
class Proxy:
    port: int
    server: Server
    access_log: Path
    error_log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def socket_url(self, token: str) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/v1?token={token}"


@contextmanager
def proxying(
    first: int, second: int, more: str = "", public_url: str = ""
) -> Iterator[Proxy]:
    """nginx before two ports of this machine, until the block ends.

    `more` stands where an operator's own files are included.
    """
    with scratch_directory("hubbub-nginx-") as directory:
        port = free_port()
        access_log, error_log = directory / "access.log", directory / "error.log"
        values = {
            "HUBBUB_LISTEN": f"127.0.0.1:{port}",
            "HUBBUB_WEB_1": f"127.0.0.1:{first}",
            "HUBBUB_WEB_2": f"127.0.0.1:{second}",
            "HUBBUB_ACCESS_LOG": str(access_log),
            "HUBBUB_ERROR_LOG": str(error_log),
            "HUBBUB_PUBLIC_URL": public_url,
        }
        configuration = directory / "nginx.conf"
        template = TEMPLATE.read_text()
        assert INCLUDE in template
        configuration.write_text(
            VARIABLE.sub(
                lambda found: values[found[1]], template.replace(INCLUDE, more)
            )
        )
        program = Program(
            command=_command(directory, configuration),
            directory=directory,
            is_ready=lambda: _listens(port),
        )
        server = Server(f"http://127.0.0.1:{port}", program)
        try:
            server.start()
            yield Proxy(port, server, access_log, error_log)
        finally:
            server.stop()


def _command(directory: Path, configuration: Path) -> list[str]:
    # Started by root, its workers would be somebody who may not read this directory.
    directives = "daemon off;" + (" user root;" if os.getuid() == 0 else "")
    return [
        nginx(),
        *("-e", "stderr"),
        *("-p", f"{directory}/"),
        *("-c", str(configuration)),
        *("-g", directives),
    ]


def nginx() -> str:
    """Find nginx, else unpack Debian's package: nothing is installed or started."""
    if found := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        return found
    unpacked = _CACHE / "usr" / "sbin" / "nginx"
    _CACHE.parent.mkdir(exist_ok=True)
    with (_CACHE.parent / "nginx.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not unpacked.exists():
            _unpack()
    return str(unpacked)


def _unpack() -> None:
    partial = _CACHE.with_name("nginx-partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    if not _download(partial):
        raise RuntimeError(
            "These tests need nginx: install it (on Debian: apt-get install nginx)."
        )
    [package] = partial.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, partial], check=True)
    package.unlink()
    shutil.rmtree(_CACHE, ignore_errors=True)
    partial.rename(_CACHE)


def _download(directory: Path) -> bool:
    if shutil.which("apt-get") is None:
        return False
    download = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "nginx"]
    if _done(download, directory):
        return True
    # The list of packages is missing, or so old that the file is gone.
    return _done(["apt-get", "update", "-qq"], directory) and _done(download, directory)


def _done(command: list[str], directory: Path) -> bool:
    done = subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True
    )
    return done.returncode == 0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
