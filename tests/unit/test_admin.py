"""The admin site: what it shows, what it does, and that it goes around nothing."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import tokens
from accounts.models import Session, User
from chat import quotas
from chat.actions.rooms import create_room
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Reaction, Room
from chat.payloads.rooms import RoomPayload
from core import limits
from core.bus.envelopes import EndSessions, Envelope, RoomChanged
from core.errors import Unauthorized
from core.limits.bucket import RateLimit
from tests.people import acting, person

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = (
    "accounts/user",
    "accounts/session",
    "chat/room",
    "chat/membership",
    "chat/message",
)
PASSWORD = "correct-horse-42"


@pytest.fixture(autouse=True)
def _page_need_not_be_built(settings: Settings) -> None:
    settings.WHITENOISE_ROOT = None


@pytest.fixture
def erin(db: None) -> User:
    return User.objects.create_superuser("erin", PASSWORD, display_name="Erin")


@pytest.fixture
def site(erin: User) -> Client:
    client = Client()
    client.force_login(erin)
    return client


def shown(client: Client, path: str) -> str:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == 200, path
    return unescape(answer.content.decode())


def act(client: Client, path: str, action: str, *chosen: object) -> str:
    keys = [str(one) for one in chosen]
    form = {"action": action, "_selected_action": keys}
    answer = client.post(f"/admin/{path}/", form, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def change_person(client: Client, user: User, **fields: object) -> None:
    """Send the form as the page shows it, with some fields changed."""
    form: dict[str, object] = {
        "username": user.username,
        "display_name": user.display_name,
        **{
            flag: "on"
            for flag in ("is_active", "is_staff", "is_superuser", "is_bot")
            if getattr(user, flag)
        },
        **fields,
    }
    sent = {name: value for name, value in form.items() if value is not None}
    answer = client.post(f"/admin/accounts/user/{user.pk}/change/", sent)
    assert answer.status_code == 302, re.findall(
        r"errorlist.*", answer.content.decode()
    )


def is_good(token: str) -> bool:
    try:
        tokens.verify_access(token)
    except Unauthorized:
        return False
    return True


def test_what_each_persons_files_take_is_listed(site: Client, alice: User) -> None:
    quotas.reserve({"a": 3_000_000, "b": 10}, alice)
    assert "2.9\xa0MB" in shown(site, "accounts/user/")
    assert "2.9\xa0MB" in shown(site, "accounts/user/?o=-6")


def test_superuser_logs_in_with_a_password(erin: User) -> None:
    client = Client()
    form = {"username": "erin", "password": PASSWORD}
    answer = client.post("/admin/login/?next=/admin/", form)
    assert answer.status_code == 302
    assert "Messages" in shown(client, "")


@pytest.fixture
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "failed_logins", RateLimit(0.001, 2, name="failed"))
    monkeypatch.setattr(limits, "logins", RateLimit(0.001, 4, name="logins"))


def let_in(name: str, password: str, address: str) -> bool:
    fields = {"username": name, "password": password}
    answer = Client().post("/admin/login/?next=/admin/", fields, REMOTE_ADDR=address)
    return answer.status_code == 302


@pytest.mark.usefixtures("_limited")
def test_guesses_at_one_account_are_counted_wherever_they_come_from(erin: User) -> None:
    assert [let_in("erin", PASSWORD, f"192.0.2.{n}") for n in range(3)] == [True] * 3
    assert not let_in("erin", "wrong", "192.0.2.8")
    assert not let_in("Erin", "wrong", "192.0.2.9")
    assert not let_in("erin", PASSWORD, "192.0.2.10")


@pytest.mark.usefixtures("_limited")
def test_guesses_from_one_address_are_counted(erin: User) -> None:
    for number in range(4):
        assert not let_in(f"nobody-{number}", "wrong", "192.0.2.1")
    assert not let_in("erin", PASSWORD, "192.0.2.1")
    assert let_in("erin", PASSWORD, "192.0.2.2")


def test_who_is_not_staff_does_not_get_in(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for path in LISTS:
        assert client.get(f"/admin/{path}/").status_code == 302


def test_staff_see_what_they_were_permitted_alone(dora: User) -> None:
    client = Client()
    client.force_login(dora)
    for path in LISTS:
        assert client.get(f"/admin/{path}/").status_code == 403


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_their_rows_render(
    site: Client, alice: User, room: RoomPayload, path: str
) -> None:
    tokens.start_session(alice, user_agent="A phone")
    append_one(Draft(room.id, acting(alice), "hello"))
    page = shown(site, f"{path}/")
    links = set(re.findall(rf"/admin/{path}/[^/\"]+/change/", page))
    assert links
    for link in links:
        shown(site, link.removeprefix("/admin/"))


@pytest.mark.parametrize(
    ("path", "word", "found", "not_found"),
    [
        ("accounts/user", "ali", "alice", "charlie"),
        ("accounts/session", "phone", "A phone", "A tablet"),
        ("chat/room", "gener", "general", "attic"),
        ("chat/membership", "bob", "bob", "attic"),
        ("chat/message", "hello", "hello", "good bye"),
        ("chat/message", "Bob", "bob", "good bye"),
        ("chat/message", "ATTIC", "attic", "hello"),
    ],
)
def test_search(
    site: Client,
    alice: User,
    bob: User,
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    path: str,
    word: str,
    found: str,
    not_found: str,
) -> None:
    tokens.start_session(alice, user_agent="A phone")
    tokens.start_session(bob, user_agent="A tablet")
    append([Draft(room.id, acting(alice), body) for body in ("hello", "good bye")])
    everything, some = shown(site, f"{path}/"), shown(site, f"{path}/?q={word}")
    assert found in everything
    assert found in some
    assert not_found in everything
    assert not_found not in some
    assert shown(site, f"{path}/?q=%22%27%25%5C")


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user/?is_staff__exact=1&is_active__exact=1",
        "accounts/session/?ended_at__isempty=1",
        "chat/room/?kind__exact=private&staff_only__exact=1",
        "chat/room/?o=-4",
        "chat/membership/?role__exact=owner",
        "chat/message/?deleted_at__isempty=0",
    ],
)
def test_filters(site: Client, room: RoomPayload, address: str) -> None:
    shown(site, address)


def test_rooms_show_how_many_belong_to_them(
    site: Client, alice: User, room: RoomPayload
) -> None:
    create_room(acting(alice), name="cellar")
    page = shown(site, "chat/room/")
    assert re.findall(r'class="field-members">(\d+)<', page) == ["1", "2"]


@pytest.mark.parametrize("model", [Room, Membership, Message, Session])
def test_rows_of_the_chat_are_not_written_here(
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


def test_reactions_are_not_in_the_admin() -> None:
    assert not admin.site.is_registered(Reaction)


def test_people_are_made_but_never_deleted(site: Client, alice: User) -> None:
    form = {
        "username": "frank",
        "display_name": "Frank",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert site.post("/admin/accounts/user/add/", form).status_code == 302
    assert User.objects.get(username="frank").check_password(PASSWORD)
    answer = site.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def test_names_differ_in_more_than_their_capitals(site: Client, alice: User) -> None:
    form = {"username": "ALICE", "display_name": "x", "usable_password": "false"}
    assert site.post("/admin/accounts/user/add/", form).status_code == 200
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "fields", [{"is_active": None}, {"is_staff": "on"}, {"is_superuser": "on"}]
)
def test_losing_or_gaining_a_right_ends_every_session(
    site: Client, alice: User, published: list[Envelope], fields: dict[str, object]
) -> None:
    pair = tokens.start_session(alice)
    change_person(site, alice, **fields)
    disabled = "is_active" in fields
    assert published == [EndSessions(str(alice.pk), None, 2, is_disabled=disabled)]
    assert not is_good(pair.access)


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_losing_a_flag_ends_every_session(
    site: Client, dora: User, published: list[Envelope], flag: str
) -> None:
    User.objects.filter(pk=dora.pk).update(is_superuser=True)
    dora.refresh_from_db()
    change_person(site, dora, **{flag: None})
    assert published == [EndSessions(str(dora.pk), None, 2)]
    dora.refresh_from_db()
    assert (getattr(dora, flag), dora.token_version) == (False, 2)


def test_other_changes_end_nothing(
    site: Client, alice: User, published: list[Envelope]
) -> None:
    pair = tokens.start_session(alice)
    change_person(site, alice, display_name="Alice L.", token_version="7")
    alice.refresh_from_db()
    assert (alice.display_name, alice.token_version) == ("Alice L.", 1)
    assert published == []
    assert is_good(pair.access)


def test_a_display_name_is_cleaned_as_everywhere(site: Client, alice: User) -> None:
    change_person(site, alice, display_name=" Alice\u00a0 L. ")
    alice.refresh_from_db()
    assert alice.display_name == "Alice L."
    path = f"/admin/accounts/user/{alice.pk}/change/"
    form = {"username": "alice", "display_name": "a\u202eb", "is_active": "on"}
    answer = site.post(path, form)
    assert "Leave out U+202E" in answer.content.decode()
    alice.refresh_from_db()
    assert alice.display_name == "Alice L."


def test_page_does_not_show_the_token_version(site: Client, alice: User) -> None:
    page = shown(site, f"accounts/user/{alice.pk}/change/")
    assert "token_version" not in page


def test_new_password_ends_every_session(
    site: Client, alice: User, published: list[Envelope]
) -> None:
    pair = tokens.start_session(alice)
    path = f"/admin/accounts/user/{alice.pk}/password/"
    form = {
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
        "set-password": "1",
    }
    assert site.get(path).status_code == 200
    assert site.post(path, form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert published == [EndSessions(str(alice.pk), None, 2)]
    assert not is_good(pair.access)


@pytest.fixture
def as_dora(dora: User) -> Client:
    """Staff who were permitted to look after people, and no more."""
    dora.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client = Client()
    client.force_login(dora)
    return client


@pytest.mark.parametrize("whom", ["themselves", "a superuser", "other staff"])
def test_nobody_gets_the_rights_of_others_by_changing_them(
    as_dora: Client, dora: User, erin: User, whom: str
) -> None:
    """A password that one sets is as good as the rights of whoever has it."""
    other = person("frank", is_staff=True)
    target = {"themselves": dora, "a superuser": erin, "other staff": other}[whom]
    before = User.objects.filter(pk=target.pk).values().get()
    forms: dict[str, dict[str, str]] = {
        "change": {"username": "x1", "display_name": "X", "is_superuser": "on"},
        "password": {"password1": PASSWORD, "password2": PASSWORD, "set-password": "1"},
    }
    for verb, form in forms.items():
        path = f"/admin/accounts/user/{target.pk}/{verb}/"
        assert as_dora.post(path, form).status_code == 403
    assert User.objects.filter(pk=target.pk).values().get() == before


def test_people_are_looked_after_and_given_no_rights(
    as_dora: Client, alice: User
) -> None:
    flags = {"is_staff": "on", "is_superuser": "on"}
    change_person(as_dora, alice, display_name="A.", is_active=None, **flags)
    alice.refresh_from_db()
    assert alice.display_name == "A."
    assert (alice.is_active, alice.is_staff, alice.is_superuser) == (False,) * 3


def test_chosen_sessions_are_ended(
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


def test_messages_are_deleted_through_the_log(
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


def test_message_of_a_room_of_others_stays_and_it_is_said(
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
def test_who_may_only_look_does_nothing(
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


def test_lists_take_as_many_queries_however_long(
    site: Client, room: RoomPayload, alice: User
) -> None:
    def counts() -> list[int]:
        found = []
        for path in LISTS:
            with CaptureQueriesContext(connection) as queries:
                shown(site, f"{path}/")
            found.append(len(queries))
        return found

    append_one(Draft(room.id, acting(alice), "hello"))
    tokens.start_session(alice)
    before = counts()
    for number in range(5):
        other = person(f"person-{number}")
        tokens.start_session(other)
        made = create_room(acting(other), name=f"room-{number}")
        append_one(Draft(made.id, acting(other), "hello"))
    assert counts() == before
