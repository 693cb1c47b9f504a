"""POST auth/ticket."""

from accounts.models import User
from tests.unit.crafted import redeemed

from .door import Door, check_refused


def test_ticket_stands_for_the_person_who_asked(as_alice: Door, alice: User) -> None:
    answer = as_alice.post("auth/ticket")
    assert answer.status == 201
    assert set(answer.json()) == {"ticket", "expires_in"}
    assert answer.json()["expires_in"] == 30
    assert redeemed(answer.json()["ticket"]).actor.user == alice


def test_ticket_is_not_kept_by_a_cache(as_alice: Door) -> None:
    assert as_alice.post("auth/ticket").headers["Cache-Control"] == "no-store"


def test_each_ticket_is_another(as_alice: Door) -> None:
    tickets = {as_alice.post("auth/ticket").json()["ticket"] for _ in range(3)}
    assert len(tickets) == 3


def test_ticket_buys_no_ticket(as_alice: Door) -> None:
    ticket = as_alice.post("auth/ticket").json()["ticket"]
    check_refused(Door(ticket).post("auth/ticket"), 401, "unauthorized")


def test_anonymous_gets_none(anonymous: Door) -> None:
    check_refused(anonymous.post("auth/ticket"), 401, "unauthorized")
