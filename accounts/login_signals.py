"""Django's signals about logging in become events of the audit log.

They are how Django reports what its own log-in did; the API has no other way to learn
of a wrong password inside `authenticate`. apps.py imports this module.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from core.audit import Event, record


@receiver(user_login_failed)
def record_failed_login(**_: object) -> None:
    """Sent for the API and for the admin site. The name stays out of the log."""
    record(Event.LOGIN_FAILED)


@receiver(user_logged_in)
def record_admin_login(user: AbstractBaseUser, **_: object) -> None:
    """Sent for the admin site alone: the API uses no session of Django's."""
    record(Event.LOGGED_IN, user=user.pk)
