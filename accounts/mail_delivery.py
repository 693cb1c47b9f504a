"""How a mail leaves: after the commit, by the worker that does nothing else."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from core import jobs


def send_on_commit(to: str, subject: str, text: str) -> None:
    """Queue a mail for when the transaction is committed.

    The request never waits for the mail server: the time that it took would tell
    whether there was a mail to send.
    """
    mail = EmailMessage(subject, text, to=[to])

    def send() -> None:
        mail.send()

    transaction.on_commit(lambda: jobs.start(send, jobs.MAIL))


def public_url() -> str:
    """The address of this server, for people to open."""
    return settings.PUBLIC_URL or "http://localhost:8000"
