"""The admin site: its actions go through the log, and nothing else is written."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import tokens
from accounts.models import Session, User
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import EndSessions, Envelope, RoomChanged
from tests.people import acting

from .pages import act, is_good

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_superuser_ends_the_sessions_they_choose(
    site: Client, alice: User, bob: User, published: list[Envelope]
) -> None:
    phone, tablet = tokens.start_session(alice), tokens.start_session(alice)
    other = tokens.start_session(bob)
    session = Session.objects.filter(user=alice).earliest("created_at")
    page = act(site, "accounts/session", "end_sessions", session.pk)
    assert "1 ended." in page
    assert published == [EndSessions(str(alice.pk), str(session.pk), 1)]
    good = [is_good(pair.access) for pair in (phone, tablet, other)]
    assert good == [False, True, True]
    assert "0 ended." in act(site, "accounts/session", "end_sessions", session.pk)


def test_deleting_a_message_here_goes_through_the_log(
    site: Client, erin: User, alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    Membership.objects.create(room_id=room.id, user=erin)
    sent = append_one(Draft(room.id, acting(alice), "hello")).message
    message = Message.objects.get(seq=sent.seq)
    published.clear()
    assert "1 deleted." in act(site, "chat/message", "delete_messages", message.pk)
    message.refresh_from_db()
    assert (message.body, message.rev) == ("", sent.rev + 1)
    [envelope] = published
    assert isinstance(envelope, RoomChanged)
    assert [change.event for change in envelope.changes] == ["message.deleted"]


def test_a_message_of_a_room_one_is_not_in_stays_and_the_page_says_so(
    site: Client, alice: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    append_one(Draft(private_room.id, acting(alice), "hello"))
    message = Message.objects.get(body="hello")
    published.clear()
    page = act(site, "chat/message", "delete_messages", message.pk)
    assert "There is no such room, or you may not see it." in page
    assert "0 deleted." in page
    assert Message.objects.get(pk=message.pk).body == "hello"
    assert published == []


@pytest.mark.parametrize(
    ("path", "action"),
    [("accounts/session", "end_sessions"), ("chat/message", "delete_messages")],
)
def test_staff_who_may_only_look_change_nothing_by_an_action(
    dora: User,
    alice: User,
    room: RoomPayload,
    published: list[Envelope],
    path: str,
    action: str,
) -> None:
    pair = tokens.start_session(alice)
    Membership.objects.create(room_id=room.id, user=dora)
    append_one(Draft(room.id, acting(alice), "hello"))
    views = Permission.objects.filter(codename__startswith="view_")
    dora.user_permissions.set(views)
    published.clear()
    client = Client()
    client.force_login(dora)
    chosen = (
        Session.objects.get() if "session" in path else Message.objects.latest("pk")
    )
    act(client, path, action, chosen.pk)
    assert published == []
    assert is_good(pair.access)
    assert Message.objects.filter(body="hello").exists()


@pytest.mark.parametrize("model", [Room, Membership, Message, Session])
def test_the_site_refuses_to_write_rows_of_the_chat(
    site: Client, alice: User, room: RoomPayload, model: type
) -> None:
    tokens.start_session(alice)
    append_one(Draft(room.id, acting(alice), "hello"))
    meta = model._meta  # type: ignore[attr-defined]  # every model has it
    path = f"/admin/{meta.app_label}/{meta.model_name}"
    row = model.objects.first()  # type: ignore[attr-defined]
    before = list(model.objects.values())  # type: ignore[attr-defined]
    assert site.get(f"{path}/add/").status_code == 403
    for verb in ("change", "delete"):
        answer = site.post(f"{path}/{row.pk}/{verb}/", {"post": "yes", "body": "x"})
        assert answer.status_code == 403
    act(site, path.removeprefix("/admin/"), "delete_selected", row.pk)
    assert list(model.objects.values()) == before  # type: ignore[attr-defined]


def test_the_site_does_not_show_reactions() -> None:
    assert not admin.site.is_registered(Reaction)
