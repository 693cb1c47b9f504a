"""Bob has a confirmed address, the follower runs, and time passes at will."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from chat.followers import mention_mails
from chat.followers.mention_mailer import MentionMailer
from chat.followers.runner import Runner
from chat.models import MentionMail, Message
from core import jobs

from .writing import Later, follow


@pytest.fixture
def bob(bob: User) -> User:
    bob.email = "bob@example.org"
    bob.save()
    return bob


@pytest.fixture(autouse=True)
def runner(db: None, settings: Settings) -> Runner:
    settings.PUBLIC_URL = "https://chat.example.org"
    runner = Runner(MentionMailer())
    runner.turn()
    return runner


@pytest.fixture
def later(
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Later:
    """Let so many minutes pass; the texts of the mails that went out by then."""

    def run(job: Callable[[], None], worker: object = None) -> None:
        job()

    monkeypatch.setattr(jobs, "start", run)

    def pass_minutes(minutes: float) -> list[str]:
        follow(runner)
        ago = timedelta(minutes=minutes)
        MentionMail.objects.update(
            due_at=F("due_at") - ago,
            mailed_at=F("mailed_at") - ago,
        )
        Message.objects.update(created_at=F("created_at") - ago)
        with django_capture_on_commit_callbacks(execute=True):
            mention_mails.send_due()
        texts = [str(one.body) for one in mail.outbox]
        mail.outbox.clear()
        return texts

    return pass_minutes
