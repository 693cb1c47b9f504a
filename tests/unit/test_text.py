"""The lines that a person may write, and how texts get one form cheaply."""

import unicodedata
from collections.abc import Callable
from typing import Any

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import guests
from accounts.models import User
from accounts.registration import register
from chat.actions.messages import clean_body
from chat.actions.profile import change_profile
from chat.actions.rooms import create_room, update_room
from chat.payloads.rooms import RoomPayload
from chat.queries.directory import directory
from chat.queries.people import users
from chat.queries.rooms import room_by_name
from chat.queries.search import search
from core.errors import Invalid
from core.files.sniffing import clean_name
from core.text import clean_line, clean_prose, strip_hidden
from tests.people import acting

RUN = "a" + "\u0301" * 31


def line(text: str) -> str:
    return clean_line("name", text, 200)


@pytest.mark.parametrize(
    "text",
    [
        "Zoë",
        "می‌خواهم",  # Persian, with a zero-width non-joiner
        "র‍্যাব",  # Bengali, with a zero-width joiner
        "ශ්‍රී ලංකා",
        "葛\U000e0100城",  # with a variation selector
        "ᠠ᠋",  # Mongolian, with one of its own
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇫🇷 ❤️‍🔥 1️⃣ ©️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "שָׁלוֹם",
        "مَرْحَبًا",
        "",
    ],
)
def test_words_of_every_script_are_kept(text: str) -> None:
    assert line(text) == unicodedata.normalize("NFC", text)
    assert strip_hidden(text) == text


def test_every_emoji_may_be_in_a_name() -> None:
    for one in emoji.EMOJI_DATA:
        assert line(one) == unicodedata.normalize("NFC", one)


@pytest.mark.parametrize(
    "hidden", "\u200b\u2060\ufeff\u00ad\u3164\u2800\u115f\U000e0041"
)
@pytest.mark.parametrize("place", ["{}general", "gen{}eral", "general{}", "{}"])
def test_an_invisible_character_is_refused_in_a_line(hidden: str, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        line(place.format(hidden))
    [problem] = (refused.value.fields or {})["name"]
    assert problem == f"Leave out U+{ord(hidden):04X}: nobody sees it here."


@pytest.mark.parametrize(
    "direction",
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
def test_marks_of_direction_are_refused_in_a_line_and_kept_in_prose(
    direction: str,
) -> None:
    with pytest.raises(Invalid):
        line(f"a{direction}b")
    assert clean_prose("body", f"a{direction}b") == f"a{direction}b"


@pytest.mark.parametrize("control", "\x00\x07\t\n\r\x1b\x7f\x85\x9b\u2028\u2029\ud800")
def test_a_line_has_no_control_characters_and_no_line_ends(control: str) -> None:
    with pytest.raises(Invalid):
        line(f"a{control}b")


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db",
        "a\u200c",
        "\u200d",
        "👩\u200d",
        "👩\u200d\u200d👧",
        "a\ufe0f",
        "1\ufe0f",
    ],
)
def test_joiners_and_selectors_are_refused_where_they_change_nothing(text: str) -> None:
    with pytest.raises(Invalid):
        line(text)


@pytest.mark.parametrize("text", ["\u0301", "\u0301 \u20e3", "\u0600"])
def test_a_line_without_anything_visible_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        line(text)
    assert refused.value.fields == {"name": ["Write something that can be seen."]}


def test_equal_lines_have_one_form() -> None:
    assert line(" Cafe\u0301\u00a0 \u3000noir ") == "Caf\u00e9 noir"


def test_a_line_that_grows_past_its_limit_is_refused() -> None:
    with pytest.raises(Invalid):
        clean_line("name", "\U0001d160" * 5, 10)


@given(text=st.text(max_size=50))
def test_any_line_is_cleaned_for_good_or_refused(text: str) -> None:
    try:
        cleaned = line(text)
    except Invalid:
        return
    assert line(cleaned) == cleaned == strip_hidden(cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()


def test_hidden_characters_are_stripped_from_a_programs_text() -> None:
    assert strip_hidden(
        "a\x1b[1m\u202eb\x9b\u200bc\u200d \U0001f469\u200d\U0001f467"
    ) == ("a[1mbc \U0001f469\u200d\U0001f467")


@pytest.mark.parametrize("starter", ["", "a", "\u00e9", "\u1f82"])
@pytest.mark.parametrize("mark", ["\u0301", "\u0344", "\u0f73", "\uff9e", "\U0001e8d0"])
def test_marks_are_counted_as_the_standard_counts_them(starter: str, mark: str) -> None:
    """UAX #15: in NFKD, with the marks that the letter before them brings."""
    own = len(unicodedata.normalize("NFKD", starter)) - 1 if starter else 0
    room_for = (30 - own) // len(unicodedata.normalize("NFKD", mark))
    allowed = f"x {starter}{mark * room_for} x"
    assert clean_prose("body", allowed) == unicodedata.normalize("NFC", allowed)
    with pytest.raises(Invalid) as refused:
        clean_prose("body", f"x {starter}{mark * (room_for + 1)} x")
    [problem] = (refused.value.fields or {})["body"]
    assert problem == "At most 30 combining marks in a row: take some out."


def test_no_character_begins_with_marks_that_are_missed() -> None:
    """All that decompose into marks do so wholly, and into two at most."""
    for code in range(0x110000):
        marks = [
            unicodedata.combining(one) > 0
            for one in unicodedata.normalize("NFKD", chr(code))
        ]
        trailing = marks[::-1].index(False) if False in marks else 0
        assert trailing <= 3
        assert not marks[0] or (all(marks) and len(marks) <= 2), hex(code)


Door = Callable[[User, RoomPayload, str], Any]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "door",
    [
        lambda user, room, text: clean_body(text),
        lambda user, room, text: create_room(acting(user), name=text),
        lambda user, room, text: create_room(acting(user), name="new", topic=text),
        lambda user, room, text: update_room(acting(user), room.id, {"name": text}),
        lambda user, room, text: update_room(acting(user), room.id, {"topic": text}),
        lambda user, room, text: change_profile(acting(user), {"display_name": text}),
        lambda user, room, text: change_profile(acting(user), {"status": text}),
        lambda user, room, text: guests.make_guest(display_name=text),
        lambda user, room, text: register(
            username="new", password="trombone-42", display_name=text
        ),
        lambda user, room, text: directory(acting(user), search=text),
        lambda user, room, text: users(acting(user), text),
        lambda user, room, text: search(acting(user), q=text),
        lambda user, room, text: clean_name(text, "text/plain"),
    ],
)
def test_every_action_refuses_a_text_that_takes_long_to_normalise(
    door: Door, alice: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: no run of marks comes to be sorted."""
    real = unicodedata.normalize
    normalised: list[str] = []

    def watched(form: Any, text: str) -> str:
        normalised.append(text)
        return real(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watched)
    with pytest.raises(Invalid):
        door(alice, room, RUN)
    assert RUN not in normalised


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ["a\x1bb", "a\nb", "a\u202eb", "a\u200bb", "\u3164"])
@pytest.mark.parametrize("field", ["name", "topic"])
def test_rooms_have_no_names_and_topics_that_deceive(
    alice: User, room: RoomPayload, field: str, text: str
) -> None:
    lines = {"name": "new", "topic": "", field: text}
    with pytest.raises(Invalid) as made:
        create_room(acting(alice), name=lines["name"], topic=lines["topic"])
    with pytest.raises(Invalid) as changed:
        update_room(acting(alice), room.id, {field: text})
    assert list(made.value.fields or {}) == list(changed.value.fields or {}) == [field]


@pytest.mark.django_db(transaction=True)
def test_a_room_is_found_by_every_form_of_its_name(alice: User) -> None:
    made = create_room(acting(alice), name="Cafe\u0301 noir", topic="e\u0301")
    assert (made.name, made.topic) == ("Caf\u00e9 noir", "\u00e9")
    for name in ("Cafe\u0301 noir", "Caf\u00e9 noir", " caf\u00e9\u00a0NOIR"):
        assert room_by_name(acting(alice), name).id == made.id
