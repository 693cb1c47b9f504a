"""The accounts application: people, their sessions and their tokens."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Importing them registers the system checks and the receivers of signals.
        from . import checks, login_signals  # noqa: F401


class SiteConfig(AdminConfig):
    """django.contrib.admin with our own log-in form."""

    default_site = "accounts.admin_site.Site"
