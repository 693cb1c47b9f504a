"""`manage.py demo`: a month of talk, made through the log, once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Max, Min
from django.utils import timezone
from pytest_django import Settings

from accounts import sessions
from accounts.demo import DEMO_PEOPLE, STAFF
from accounts.models import User
from chat import queries
from chat.actions.rooms import create_room
from chat.management.demo_talk import ROOMS
from chat.models import Membership, Message, Reaction, Room
from tests.people import acting, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def said() -> list[object]:
    """All that was said, without the ids and times, which differ each time."""
    rows = Message.objects.order_by("room__name", "seq")
    return list(rows.values_list("room__name", "seq", "sender__username", "body"))


def snapshot() -> list[object]:
    tables = (User, Room, Membership, Message, Reaction)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_the_command_is_refused_without_debug(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        demo()
    assert not User.objects.exists()


def test_the_command_makes_the_people_rooms_and_messages_it_promises() -> None:
    demo()
    assert User.objects.count() == len(DEMO_PEOPLE) == 12
    assert not User.objects.filter(is_superuser=True).exists()
    assert Room.objects.count() == len(ROOMS) == 8
    assert Room.objects.filter(staff_only=True).count() == 1
    assert Room.objects.filter(kind="private").count() == 1
    talk = Message.objects.filter(kind="user")
    assert talk.count() == 2_000
    assert talk.exclude(reply_to=None).count() > 300
    assert Reaction.objects.count() == 300
    assert talk.exclude(mentions=[]).exists()


def test_the_printed_passwords_log_people_in() -> None:
    printed = [line.split() for line in demo().splitlines()]
    assert [line[0] for line in printed] == list(DEMO_PEOPLE)
    for name, password, *flags in printed[:3]:
        user, _ = sessions.log_in(username=name, password=password)
        assert user.is_staff == bool(flags) == (name in STAFF)


def test_every_rooms_numbers_have_no_gap() -> None:
    demo()
    for room in Room.objects.all():
        rows = Message.objects.filter(room=room)
        seqs = list(rows.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
        assert rows.aggregate(Max("rev"))["rev__max"] == room.head_seq
        assert rows.values("rev").distinct().count() == len(seqs)


def test_times_rise_with_the_numbers_and_end_before_now() -> None:
    demo()
    now = timezone.now()
    for room in Room.objects.all():
        rows = Message.objects.filter(room=room).order_by("seq")
        times = list(rows.values_list("created_at", flat=True))
        assert times == sorted(times)
    ends = Message.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
    assert now - timedelta(days=31) < ends["first"] < now - timedelta(days=25)
    assert now - timedelta(days=3) < ends["last"] < now


def test_replies_answer_earlier_messages() -> None:
    demo()
    for room in Room.objects.all():
        rows = Message.objects.filter(room=room, kind="user")
        pairs = dict(rows.values_list("seq", "reply_to"))
        for seq, reply_to in pairs.items():
            assert reply_to is None or (reply_to in pairs and reply_to < seq)


def test_each_person_sees_their_rooms_and_some_have_unread_messages() -> None:
    demo()
    mira = queries.rooms.rooms_of(acting(User.objects.get(username="mira")))
    assert [room.name for room in mira] == sorted(place.name for place in ROOMS)
    lena = queries.rooms.rooms_of(acting(User.objects.get(username="lena")))
    assert "backstage" not in [room.name for room in lena]
    unread = [room.read.unread for room in mira + lena if room.read]
    assert 0 in unread
    assert max(unread) > 0


def test_a_second_run_changes_nothing() -> None:
    first = demo()
    before = snapshot()
    assert demo() == first
    assert snapshot() == before


def test_the_talk_is_the_same_each_time() -> None:
    demo()
    before = said()
    for table in (Room, User):
        table.objects.all().delete()
    demo()
    assert said() == before


def test_a_taken_room_name_leaves_nothing_behind() -> None:
    create_room(acting(person("alice")), name="Lounge")
    with pytest.raises(CommandError, match="Nothing was made"):
        demo()
    assert User.objects.count() == 1
    assert Room.objects.count() == 1


def test_the_demonstration_and_the_first_run_go_together() -> None:
    call_command("first_run")
    demo()
    assert User.objects.count() == 14
