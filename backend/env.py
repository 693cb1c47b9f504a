"""Typed readers of the environment, for settings.py and its parts alone.

Each raises ImproperlyConfigured for a value that cannot be used, with a sentence that
says what to set; the server then does not start.
"""

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name, "on" if default else "off").lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: say on or off.")


def env_choice(name: str, *choices: str) -> str:
    """One of the choices. The first one is the default."""
    value = env_str(name, choices[0]).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: say {' or '.join(choices)}.")
    return value


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    value = env_str(name, str(default))
    if not re.fullmatch("[0-9]+", value) or int(value) < minimum:
        raise ImproperlyConfigured(f"{name}={value!r}: say a number from {minimum} up.")
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated; empty items are dropped."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_prefixed(prefix: str) -> dict[str, str]:
    """All variables with this prefix, by the rest of their names in lower case."""
    return {
        name.removeprefix(prefix).lower(): env_str(name)
        for name in os.environ
        if name.startswith(prefix) and env_str(name)
    }


def env_origin(name: str) -> str:
    """https://chat.example.com, http://name:8000 and the like; empty if not set."""
    value = env_str(name).rstrip("/")
    if value and not re.fullmatch(
        r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?", value
    ):
        raise ImproperlyConfigured(
            f"{name}={value!r}: say https://chat.example.com, in small letters and"
            " without a path."
        )
    return value


def env_secret(name: str, *, development_dir: Path | None) -> str:
    """NAME, or the content of the file NAME_FILE.

    While developing, `development_dir` keeps a secret that is made once. So the first
    run needs no settings, and a restart keeps people logged in.
    """
    if value := env_given_secret(name):
        return value
    if development_dir is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it (or {name}_FILE) to a random text of 50"
            f" characters or more, e.g. `openssl rand -base64 48`; DEBUG=on makes one."
        )
    return _kept_secret(development_dir / name.lower())


def env_given_secret(name: str) -> str:
    """NAME, or the content of the file NAME_FILE, or an empty text."""
    if value := env_str(name):
        return value
    path = env_str(f"{name}_FILE")
    if not path:
        return ""
    try:
        value = Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error}") from None
    if not value:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return value


def _kept_secret(path: Path) -> str:
    """The secret in this file, which the first of several processes makes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(fd, "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link appears with its whole content, and never replaces an earlier one.
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text().strip()


def env_database(name: str, default_sqlite: Path) -> dict[str, object]:
    """postgres://user:password@host:port/name, sqlite:////path, or the default file."""
    url = env_str(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default_sqlite)}
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(parts.path[1:])}
    port = _port(parts)
    if parts.scheme not in {"postgres", "postgresql"} or port is None:
        raise ImproperlyConfigured(
            f"{name} cannot be used. Say postgres://user:password@host:5432/name"
            " or sqlite:////absolute/path."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": port,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def env_mail(name: str) -> dict[str, object]:
    """Django's settings for smtp://user:password@host:587/?tls=true, if it is set."""
    url = env_str(name)
    if not url:
        return {}
    parts = urlsplit(url)
    port = _port(parts)
    tls = dict(parse_qsl(parts.query)).get("tls", "off").lower()
    if parts.scheme != "smtp" or not parts.hostname or port is None:
        tls = "?"
    if tls not in _TRUE | _FALSE:
        # Without the value, which holds a password.
        raise ImproperlyConfigured(
            f"{name} cannot be used. Say smtp://user:password@host:587/?tls=true."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": int(port or 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls in _TRUE,
        # A mail server that hangs must not hold a thread for ever.
        "EMAIL_TIMEOUT": 10,
    }


def _port(parts: SplitResult) -> str | None:
    """The port as a text, empty if there is none; None for one that is no number."""
    try:
        return str(parts.port or "")
    except ValueError:
        return None
