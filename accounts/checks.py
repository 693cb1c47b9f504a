"""System checks: a server whose tokens or passwords are not safe does not start."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from .demo import accounts_with_printed_passwords

_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
# URLs end up in logs, so a token in a URL must be a ticket unless it lives this short.
_LONGEST_IN_URL = timedelta(minutes=15)
# A longer session would end only when somebody thinks of ending it.
_LONGEST_SESSION_DAYS = 366
# Names that no public DNS answers.
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".test")
# The tag of a check that `serve` runs and `manage.py check` does not: it costs a query
# and some hashes.
STARTING = "starting"


@register()
def blacklist_is_installed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """simplejwt skips its blacklist without a word when the app is not installed:
    https://github.com/jazzband/djangorestframework-simplejwt/issues/985
    """
    if apps.is_installed(_BLACKLIST):
        return []
    return [
        Error(
            f"{_BLACKLIST} is not in INSTALLED_APPS: no session could be ended.",
            hint=f"Put {_BLACKLIST} into INSTALLED_APPS.",
            id="accounts.E001",
        )
    ]


@register()
def keys_are_secret(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    keys = {"JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY}
    if settings.JWT_PREVIOUS_KEY:
        keys["JWT_PREVIOUS_KEY"] = settings.JWT_PREVIOUS_KEY
    return [error for name, key in keys.items() for error in _problems_of(name, key)]


def _problems_of(name: str, key: str) -> Iterator[CheckMessage]:
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


@register()
def debug_is_private(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    public = _public_hosts()
    if not settings.DEBUG or not public:
        return []
    return [
        Error(
            f"DEBUG shows errors with their data, and {public[0]} is a public host.",
            hint="Set DEBUG=off, or name only this machine in ALLOWED_HOSTS.",
            id="accounts.E004",
        )
    ]


@register()
def tokens_in_urls_are_short_lived(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    lifetime = cast(timedelta, settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"])
    if lifetime <= _LONGEST_IN_URL or settings.WS_REQUIRE_TICKET:
        return []
    return [
        Error(
            "Access tokens live for more than 15 minutes and may be put into URLs.",
            hint="Set WS_REQUIRE_TICKET=on, or ACCESS_TOKEN_SECONDS to 900 or less.",
            id="accounts.E005",
        )
    ]


@register()
def mails_have_links(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A link needs PUBLIC_URL: the host that a request names is the sender's choice."""
    if "smtp" not in settings.EMAIL_BACKEND or settings.PUBLIC_URL:
        return []
    return [
        Error(
            "EMAIL_URL is set and PUBLIC_URL is not: mails would have no links.",
            hint="Set PUBLIC_URL to the address that people type.",
            id="accounts.E006",
        )
    ]


@register()
def sessions_end(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.SESSION_DAYS <= _LONGEST_SESSION_DAYS:
        return []
    return [
        Error(
            f"A session would live for {settings.SESSION_DAYS} days.",
            hint=f"Set SESSION_DAYS to {_LONGEST_SESSION_DAYS} or less.",
            id="accounts.E008",
        )
    ]


@register(Tags.security, STARTING, deploy=True)
def passwords_are_secret(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    try:
        names = accounts_with_printed_passwords()
    except DatabaseError:
        # The database is not there, or has no tables yet: other checks report both.
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


@register(Tags.security, deploy=True)
def strangers_come_over_tls(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """In place of Django's warnings, which do not look at the server's address."""
    public = _public_hosts()
    if not public or settings.PUBLIC_URL.startswith("https://"):
        return []
    return [
        Warning(
            f"Passwords and tokens go to {public[0]}, a public host, over plain HTTP.",
            hint="Set PUBLIC_URL=https://… to the address that people type.",
            id="accounts.W001",
        )
    ]


def _public_hosts() -> list[str]:
    return [host for host in settings.ALLOWED_HOSTS if _is_public(host)]


def _is_public(host: str) -> bool:
    """Whether strangers may reach a server of this name, as far as the name tells."""
    name = host.strip("[]").lstrip(".").lower()
    try:
        return ip_address(name).is_global
    except ValueError:
        return "*" in name or ("." in name and not name.endswith(_PRIVATE_SUFFIXES))
