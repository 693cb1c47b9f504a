"""PostgreSQL for the tests: a fresh cluster on a free port of 127.0.0.1.

It commits as a real one does (`synchronous_commit` stays on). It does not wait for the
disk unless `fsync` is asked for.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from .postgres_binaries import binaries, scratch_parent, unprivileged_account
from .scratch import free_port, scratch_directory
from .server import Program, Server


@contextmanager
def postgres(*, fsync: bool = False) -> Iterator[str]:
    """Yield `DATABASE_URL` if it names a PostgreSQL, else start one."""
    named = os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres://", "postgresql://")):
        yield named
        return
    with postgres_server(fsync=fsync) as server:
        yield server.url


@contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[Server]:
    """Start a PostgreSQL of our own, whatever the environment names.

    The role in its URL may create databases, as a test runner must.
    """
    account = unprivileged_account()
    parent = scratch_parent(account)
    with scratch_directory("hubbub-pg-", parent=parent, owner=account) as directory:
        server = _prepare(directory, account=account, fsync=fsync)
        try:
            server.start()
            _create_database(server.url)
            yield server
        finally:
            server.stop()


def _prepare(
    directory: Path, *, account: tuple[int, int] | None, fsync: bool
) -> Server:
    """Make the cluster, and return the server that will serve it."""
    programs = binaries(directory, account)
    password = secrets.token_hex(16)
    _initialise(programs, directory, account=account, password=password)
    port = free_port()
    url = f"postgres://hubbub:{password}@127.0.0.1:{port}/hubbub"
    program = Program(
        command=[str(programs / "postgres"), *_options(directory, port, fsync=fsync)],
        directory=directory,
        is_ready=lambda: _answers(url),
        account=account,
    )
    return Server(url, program)


def _initialise(
    programs: Path, directory: Path, *, account: tuple[int, int] | None, password: str
) -> None:
    # Only the built-in locale sorts and folds in the same way on every system.
    flags = "--username=hubbub --auth=scram-sha-256 --encoding=UTF8 --no-sync"
    locale = "--locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
    password_file = directory / "password"
    password_file.write_text(password)
    if account:
        os.chown(password_file, *account)
    user, group = account or (None, None)
    done = subprocess.run(
        [
            str(programs / "initdb"),
            f"--pgdata={directory / 'data'}",
            f"--pwfile={password_file}",
            *flags.split(),
            *locale.split(),
        ],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    )
    password_file.unlink()
    if done.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stderr.strip()}")


def _options(directory: Path, port: int, *, fsync: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "fsync": "on" if fsync else "off",
    }
    flags = [word for k, v in settings.items() for word in ("-c", f"{k}={v}")]
    return ["-D", str(directory / "data"), *flags]


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(url: str) -> None:
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE hubbub")
