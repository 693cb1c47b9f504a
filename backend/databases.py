"""The database: SQLite for one process, or PostgreSQL when DATABASE_URL names one."""

from pathlib import Path

from .env import env_choice, env_database

# Threads of one process besides those of DB_THREADS that may hold a connection: one
# that writes messages, eight of REST, three in the background, one that mails, and one
# that follows the logs.
_OTHER_THREADS = 14
# In seconds: for people who wait for an answer, and for the commands of manage.py.
# Background work sets its own (core/db_timeouts.py). A command may wait for a lock
# twice, behind the batch of messages before its own, and must still be answered before
# its time is up (realtime/handlers).
_TIMEOUTS = (
    ("statement_timeout", 5, 3600),
    ("lock_timeout", 2, 60),
    ("idle_in_transaction_session_timeout", 15, 600),
)


def database(default_sqlite: Path, threads: int) -> dict[str, object]:
    """One entry of DATABASES."""
    found = env_database("DATABASE_URL", default_sqlite)
    if str(found["ENGINE"]).endswith("sqlite3"):
        return _sqlite(found)
    return _postgresql(found, threads)


def _sqlite(found: dict[str, object]) -> dict[str, object]:
    Path(str(found["NAME"])).parent.mkdir(parents=True, exist_ok=True)
    options = {
        # IMMEDIATE takes the write lock at BEGIN. Otherwise a transaction that reads
        # first and writes later would fail with "database is locked" at the upgrade.
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    return {**found, "OPTIONS": options}


def _postgresql(found: dict[str, object], threads: int) -> dict[str, object]:
    is_long = env_choice("DB_TIMEOUTS", "short", "long") == "long"
    timeouts = " ".join(
        f"-c {name}={long if is_long else short}s" for name, short, long in _TIMEOUTS
    )
    given = dict(found.get("OPTIONS") or {})  # type: ignore[call-overload]
    options = {
        **given,
        # The operator's own come last, since PostgreSQL takes the last of two.
        "options": f"{timeouts} {given.get('options', '')}".strip(),
        "pool": {"min_size": 2, "max_size": threads + _OTHER_THREADS, "timeout": 5},
    }
    # The pool keeps connections across threads, so CONN_MAX_AGE must be 0. Under ASGI
    # anything else would leak a connection for each short-lived thread anyway:
    # https://docs.djangoproject.com/en/5.2/ref/databases/#connection-pool
    # There are no CONN_HEALTH_CHECKS: after PostgreSQL restarted, all connections of
    # the pool are dead, and psycopg's pool would sleep 1, 2, 4 s between its checks.
    # One failed use of each is quicker.
    return {**found, "CONN_MAX_AGE": 0, "OPTIONS": options}
