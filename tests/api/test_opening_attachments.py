"""A file opens for its uploader, for its readers, and with a link."""

from uuid import uuid4

import pytest
from django.core import signing

from accounts.models import User
from chat.actions.members import remove_member
from chat.models import Attachment, Message
from chat.payloads.rooms import RoomPayload
from core.files import signed_links
from tests.people import acting

from .door import Door, Upload, check_refused
from .uploads import PICTURE, below, check_safe, uploaded


def sent(door: Door, room: RoomPayload, file: Upload) -> tuple[str, int]:
    """The attachment's id and the `seq` of the message that carries it."""
    attachment = uploaded(door, room, file)
    body = {"client_id": attachment, "body": "", "attachments": [attachment]}
    answer = door.post(f"rooms/{room.id}/messages", body)
    assert answer.status == 201, answer.content
    assert [a["id"] for a in answer.json()["attachments"]] == [attachment]
    return attachment, int(answer.json()["seq"])


def test_before_it_is_sent_only_its_uploader_opens_it(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    path = f"attachments/{uploaded(as_bob, room, PICTURE)}"
    assert as_bob.get(path).status == 200
    assert as_alice.get(path) == as_alice.get(f"attachments/{uuid4()}")
    check_refused(as_alice.get(path), 404, "not_found")
    check_refused(as_alice.post(f"{path}/link"), 404, "not_found")


def test_nobody_sends_somebody_elses_file(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    body = {
        "client_id": "1",
        "body": "mine",
        "attachments": [uploaded(as_bob, room, PICTURE)],
    }
    answer = as_alice.post(f"rooms/{room.id}/messages", body)
    check_refused(answer, 400, "invalid", "attachments")
    assert not Message.objects.filter(kind="user").exists()


@pytest.mark.parametrize(
    "attachments", ["x", [1], [None], {}, [["x"]], ["x"] * 11, ["x" * 65], None]
)
def test_a_text_that_is_no_list_of_files_is_refused(
    as_bob: Door, room: RoomPayload, attachments: object
) -> None:
    body = {"client_id": "1", "body": "hi", "attachments": attachments}
    answer = as_bob.post(f"rooms/{room.id}/messages", body)
    check_refused(answer, 400, "invalid", "attachments")


def test_forbidden_is_as_unknown_byte_by_byte(
    as_alice: Door, as_charlie: Door, room: RoomPayload, private_room: RoomPayload
) -> None:
    for place in (room, private_room):
        attachment, _ = sent(as_alice, place, PICTURE)
        for path in ("", "/thumbnail"):
            hidden = as_charlie.get(f"attachments/{attachment}{path}")
            for unknown in (str(uuid4()), "nonsense", attachment.upper(), "%00"):
                assert as_charlie.get(f"attachments/{unknown}{path}") == hidden
            check_refused(hidden, 404, "not_found")


def test_a_person_who_was_removed_opens_a_file_no_more(
    as_alice: Door, as_bob: Door, alice: User, bob: User, room: RoomPayload
) -> None:
    theirs, _ = sent(as_alice, room, PICTURE)
    own, _ = sent(as_bob, room, PICTURE)
    assert as_bob.get(f"attachments/{theirs}").status == 200
    remove_member(acting(alice), room.id, str(bob.pk))
    for attachment in (theirs, own):
        check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")


def test_deleted_message_takes_its_files_along(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    attachment, seq = sent(as_bob, room, PICTURE)
    link = as_bob.post(f"attachments/{attachment}/link").json()["url"]
    assert anonymous.get(below(link)).status == 200
    assert as_bob.delete(f"rooms/{room.id}/messages/{seq}").json()["attachments"] == []
    check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")
    check_refused(anonymous.get(below(link)), 404, "not_found")


def test_a_link_opens_without_a_token(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    attachment, _ = sent(as_bob, room, PICTURE)
    answer = as_bob.post(f"attachments/{attachment}/link")
    assert (answer.status, answer.json()["expires_in"]) == (201, 300)
    for name in ("url", "thumbnail_url"):
        # As `<img>` asks.
        got = anonymous.get(below(answer.json()[name]), HTTP_ACCEPT="image/webp")
        check_safe(got)
        assert got.headers["Content-Type"].startswith("image/")
    text, _ = sent(as_bob, room, Upload("a.txt", b"hello"))
    link = as_bob.post(f"attachments/{text}/link").json()
    assert link["thumbnail_url"] is None
    assert anonymous.get(below(link["url"])).content == b"hello"
    check_refused(as_bob.get(f"attachments/{text}/thumbnail"), 404, "not_found")


def test_a_link_is_for_one_file_and_not_for_ever(
    as_bob: Door, anonymous: Door, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = sent(as_bob, room, PICTURE)
    other, _ = sent(as_bob, room, PICTURE)
    signature = signed_links.signature(one)
    path = f"attachments/{one}?signature="
    assert anonymous.get(path + signature).status == 200
    forged = signing.TimestampSigner().sign(one).removeprefix(f"{one}:")
    for wrong in (signature[:-1], f"x{signature}", "x", "::", forged):
        check_refused(anonymous.get(path + wrong), 404, "not_found")
    elsewhere = anonymous.get(f"attachments/{other}?signature={signature}")
    check_refused(elsewhere, 404, "not_found")
    check_refused(anonymous.get(path), 400, "invalid", "signature")
    check_refused(anonymous.get(f"attachments/{one}"), 401, "unauthorized")
    monkeypatch.setattr(signed_links, "LINK_SECONDS", -1)
    check_refused(anonymous.get(path + signature), 404, "not_found")


def test_a_file_that_was_lost_is_not_found(as_bob: Door, room: RoomPayload) -> None:
    attachment, _ = sent(as_bob, room, PICTURE)
    Attachment.objects.update(file="0" * 32)
    check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")
