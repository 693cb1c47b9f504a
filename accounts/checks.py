"""System checks that refuse to start with tokens that can be forged or not revoked."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_BLACKLIST = "rest_framework_simplejwt.token_blacklist"


@register()
def tokens_are_safe(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """simplejwt skips its blacklist in silence when the app is not installed:
    https://github.com/jazzband/djangorestframework-simplejwt/issues/985
    """
    problems: list[CheckMessage] = []
    if not apps.is_installed(_BLACKLIST):
        problems.append(
            Error(f"{_BLACKLIST} is not in INSTALLED_APPS.", id="accounts.E001")
        )
    keys = {"JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY}
    if settings.JWT_PREVIOUS_KEY:
        keys["JWT_PREVIOUS_KEY"] = settings.JWT_PREVIOUS_KEY
    for name, key in keys.items():
        if len(key.encode()) < 32:
            problems.append(
                Error(f"{name} is shorter than 32 bytes.", id="accounts.E002")
            )
        if key == settings.SECRET_KEY:
            problems.append(
                Error(f"{name} must not be SECRET_KEY.", id="accounts.E003")
            )
    return problems
