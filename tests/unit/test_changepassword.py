"""`manage.py changepassword`, which an operator runs when a password has leaked."""

import pytest
from django.core.management import CommandError, call_command

from accounts import tokens
from accounts.management.commands import changepassword
from accounts.models import User
from core.errors import Unauthorized

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "tuba-43-tuba"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers that are typed at the prompts, in turn."""
    answers: list[str] = []
    monkeypatch.setattr(changepassword, "getpass", lambda _: answers.pop(0))
    return answers


def test_a_new_password_logs_the_person_out_everywhere(
    alice: User, typed: list[str]
) -> None:
    pair = tokens.start_session(alice)
    typed += [NEW, NEW]
    call_command("changepassword", "alice")
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert alice.token_version == 2
    with pytest.raises(Unauthorized):
        tokens.verify_access(pair.access)


@pytest.mark.parametrize(
    ("name", "answers", "said"),
    [
        ("nobody", [], "no account nobody"),
        ("alice", [NEW, "tuba-44-tuba"], "differ"),
        ("alice", ["short", "short"], "too short"),
        ("alice", ["alice-likes-hubbub"] * 2, "documentation"),
    ],
)
def test_a_refused_password_changes_nothing(
    alice: User, typed: list[str], name: str, answers: list[str], said: str
) -> None:
    typed += answers
    with pytest.raises(CommandError, match=said):
        call_command("changepassword", name)
    alice.refresh_from_db()
    assert (alice.password, alice.token_version) == ("!", 1)
