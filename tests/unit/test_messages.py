"""The texts and keys that a message may have."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.actions.messages import clean_body, prepare_send, send_message
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.errors import Invalid, Refusal, TooLong
from core.limits.table import LIMITS
from tests.people import acting


@pytest.mark.parametrize(
    "body",
    [
        "hello",
        "  spaces stay  ",
        "two\nlines\r\nand\ta tab",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇫🇷",
        "שלום عليكم 你好 नमस्ते",
        "<script>alert(1)</script>",
        "x" * 4_000,
        "🌊" * 4_000,
    ],
)
def test_text_is_kept_as_it_is(body: str) -> None:
    assert clean_body(body) == body


def test_equal_texts_have_one_form() -> None:
    assert clean_body("e\u0301") == clean_body("\u00e9") == "\u00e9"


@pytest.mark.parametrize("body", ["", " ", "\n\t ", "\u00a0", "\u3000\u2003"])
def test_nothing_is_refused(body: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_body(body)
    assert refused.value.fields == {"body": ["Write something."]}


def test_one_character_too_many_is_refused() -> None:
    assert LIMITS.message_characters == 4_000
    with pytest.raises(TooLong):
        clean_body("x" * 4_001)


def test_text_that_grows_past_the_limit_is_refused() -> None:
    """NFC makes three characters of this one: U+1D160, a musical eighth note."""
    with pytest.raises(TooLong):
        clean_body("\U0001d160" * 4_000)


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x08", "\x1b", "\x7f", "\x85", "\x9f"]
)
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_body(f"before{character}after")
    assert set(refused.value.fields or {}) == {"body"}


@given(body=st.text(max_size=50))
def test_any_text_is_cleaned_for_good_or_refused(body: str) -> None:
    try:
        cleaned = clean_body(body)
    except Refusal:
        return
    assert clean_body(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(Invalid):
        clean_body("before\ud800after")


def draft(client_id: str) -> object:
    return prepare_send(acting(User()), "room", client_id=client_id, body="hello")


@pytest.mark.parametrize(
    "client_id", ["1", "x" * 64, "9f1c2e7a-0b1d-4c3e-8f5a-6b7c8d9e0f1a", "A_b-9"]
)
def test_good_client_ids(client_id: str) -> None:
    assert draft(client_id)


@pytest.mark.parametrize(
    "client_id", ["", "x" * 65, "a b", "a\n", "\x00", "é", "a.b", "٣", "\ud800"]
)
def test_bad_client_ids(client_id: str) -> None:
    with pytest.raises(Invalid) as refused:
        draft(client_id)
    assert set(refused.value.fields or {}) == {"client_id"}


def test_sending_stores_the_cleaned_text(bob: User, room: RoomPayload) -> None:
    sent = send_message(acting(bob), room.id, client_id="1", body="e\u0301", reply_to=1)
    assert (sent.message.body, sent.message.reply_to) == ("\u00e9", 1)
    assert not sent.duplicate
    assert Message.objects.get(room_id=room.id, seq=3).body == "\u00e9"


def test_another_form_of_the_same_text_is_a_retry(bob: User, room: RoomPayload) -> None:
    send_message(acting(bob), room.id, client_id="1", body="e\u0301")
    assert send_message(acting(bob), room.id, client_id="1", body="\u00e9").duplicate


@pytest.mark.parametrize("body", ["", "\x00", "x" * 4_001])
def test_refused_text_is_not_stored(bob: User, room: RoomPayload, body: str) -> None:
    with pytest.raises(Refusal):
        send_message(acting(bob), room.id, client_id="1", body=body)
    assert Message.objects.count() == 2
