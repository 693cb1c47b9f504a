"""System checks that refuse to start with tokens that can be forged or not revoked."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from .demo import open_to_anybody

_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
# A URL ends up in logs: what is in it for longer than this must be a ticket.
_LONGEST_IN_URL = timedelta(minutes=15)
# A session that outlives this ends only when somebody thinks of it.
_LONGEST_SESSION_DAYS = 366
# Names that no public DNS answers.
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".test")


@register()
def tokens_are_safe(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    return [*_blacklist(), *_keys(), *_debug(), *_urls(), *_sessions(), *_mail()]


@register(Tags.security, deploy=True)
def strangers_come_over_tls(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """For Django's warnings that settings.py silences: they go by no address."""
    public = [host for host in settings.ALLOWED_HOSTS if _is_public(host)]
    if not public or settings.PUBLIC_URL.startswith("https://"):
        return []
    return [
        Warning(
            f"Passwords and tokens go to {public[0]}, a public host, over plain HTTP.",
            hint="Set PUBLIC_URL=https://… to the address that people type.",
            id="accounts.W001",
        )
    ]


# The tag of a check for servers that start alone: it costs a query and a few hashes.
STARTING = "starting"


@register(Tags.security, STARTING, deploy=True)
def passwords_are_secret(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    try:
        names = open_to_anybody()
    except DatabaseError:
        # Not there, or without tables yet: both are told elsewhere.
        return []
    if not names:
        return []
    return [
        Error(
            f"Everybody knows the passwords of {', '.join(names)}: they are printed.",
            hint=f"Say `manage.py changepassword {names[0]}` (and so on), or begin with"
            " an empty database.",
            id="accounts.E007",
        )
    ]


def _blacklist() -> Iterator[CheckMessage]:
    """simplejwt skips its blacklist in silence when the app is not installed:
    https://github.com/jazzband/djangorestframework-simplejwt/issues/985
    """
    if not apps.is_installed(_BLACKLIST):
        yield Error(
            f"{_BLACKLIST} is not in INSTALLED_APPS: no session could be ended.",
            hint=f"Put {_BLACKLIST} into INSTALLED_APPS.",
            id="accounts.E001",
        )


def _keys() -> Iterator[CheckMessage]:
    keys = {"JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY}
    if settings.JWT_PREVIOUS_KEY:
        keys["JWT_PREVIOUS_KEY"] = settings.JWT_PREVIOUS_KEY
    for name, key in keys.items():
        if len(key.encode()) < 32:
            yield Error(
                f"{name} is shorter than 32 bytes.",
                hint=f"Set {name} to what `openssl rand -hex 32` prints.",
                id="accounts.E002",
            )
        if key == settings.SECRET_KEY:
            yield Error(
                f"{name} must not be SECRET_KEY.",
                hint=f"Set {name} to a key of its own.",
                id="accounts.E003",
            )


def _debug() -> Iterator[CheckMessage]:
    public = [host for host in settings.ALLOWED_HOSTS if _is_public(host)]
    if settings.DEBUG and public:
        yield Error(
            f"DEBUG shows errors with their data, and {public[0]} is a public host.",
            hint="Set DEBUG=off, or name only this machine in ALLOWED_HOSTS.",
            id="accounts.E004",
        )


def _is_public(host: str) -> bool:
    """Whether strangers may come to a server of this name, as far as it tells."""
    name = host.strip("[]").lstrip(".").lower()
    try:
        return ip_address(name).is_global
    except ValueError:
        return "*" in name or ("." in name and not name.endswith(_PRIVATE_SUFFIXES))


def _urls() -> Iterator[CheckMessage]:
    lifetime = cast(timedelta, settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"])
    if lifetime > _LONGEST_IN_URL and not settings.WS_REQUIRE_TICKET:
        yield Error(
            "Access tokens live for more than 15 minutes and may be put into URLs.",
            hint="Set WS_REQUIRE_TICKET=on, or ACCESS_TOKEN_SECONDS to 900 or less.",
            id="accounts.E005",
        )


def _sessions() -> Iterator[CheckMessage]:
    if settings.SESSION_DAYS > _LONGEST_SESSION_DAYS:
        yield Error(
            f"A session would live for {settings.SESSION_DAYS} days.",
            hint=f"Set SESSION_DAYS to {_LONGEST_SESSION_DAYS} or less.",
            id="accounts.E008",
        )


def _mail() -> Iterator[CheckMessage]:
    """Not the host that a request asks for: whoever asks would choose who gets it."""
    if "smtp" in settings.EMAIL_BACKEND and not settings.PUBLIC_URL:
        yield Error(
            "EMAIL_URL is set and PUBLIC_URL is not: mails would have no links.",
            hint="Set PUBLIC_URL to the address that people type.",
            id="accounts.E006",
        )
