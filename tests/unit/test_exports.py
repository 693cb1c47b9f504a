"""My data in one archive: all that is mine, nothing of others, and kept for a week."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import User
from chat import queries
from chat.actions.attachments import add_attachment
from chat.actions.avatars import change_avatar
from chat.actions.blocks import block
from chat.actions.direct import open_direct
from chat.actions.invitations import invite_person, make_link
from chat.actions.members import add_member
from chat.actions.memberships import join_room, leave_room
from chat.actions.reactions import add_reaction
from chat.actions.rooms import update_room
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Export
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person
from tests.pictures import png

from .exporting import made, rows, say

pytestmark = pytest.mark.usefixtures("here", "started")


def test_an_archive_has_everything_of_its_person(
    alice: User, bob: User, room: RoomPayload
) -> None:
    tokens.start_session(bob, user_agent="Firefox")
    bob.email = "bob@example.org"
    bob.save()
    change_avatar(acting(bob), ContentFile(png()))
    file = add_attachment(
        acting(bob), room.id, ContentFile(b"my notes", "notes.txt")
    ).id
    seq = say(bob, room.id, "Grüße 🌊", file)
    unsent = add_attachment(acting(bob), room.id, ContentFile(png(), "later.png")).id
    direct, _ = open_direct(acting(bob), "alice")
    say(bob, direct.id, "between us")
    add_reaction(acting(bob), room.id, seq, emoji="👍")
    block(acting(bob), str(alice.pk))
    archive = made(bob)
    assert archive.testzip() is None
    assert rows(archive, "profile")["email"] == "bob@example.org"
    assert [one["user_agent"] for one in rows(archive, "sessions")] == ["Firefox"]
    kinds = {one["kind"]: one for one in rows(archive, "memberships")}
    assert (kinds["public"]["room_name"], kinds["public"]["role"]) == (
        "general",
        "member",
    )
    assert kinds["public"]["read_seq"] == 1
    assert set(kinds["direct"]["people"]) == {"alice", "bob"}
    said = rows(archive, "messages")
    assert [(one["room"], one["body"]) for one in said] == [
        (room.id, "Grüße 🌊"),
        (direct.id, "between us"),
    ]
    assert (said[0]["seq"], said[0]["attachments"]) == (seq, ["notes.txt"])
    [reaction] = rows(archive, "reactions")
    assert (reaction["room"], reaction["seq"], reaction["emoji"]) == (
        room.id,
        seq,
        "👍",
    )
    assert [one["username"] for one in rows(archive, "blocks")] == ["alice"]
    paths = [one["path"] for one in rows(archive, "attachments")]
    assert paths == [f"files/{file}/notes.txt", f"files/{unsent}/later.png"]
    assert archive.read(paths[0]) == b"my notes"
    assert {"avatar.webp", *paths} < set(archive.namelist())


def test_an_archive_has_nothing_of_others_and_no_secret(
    alice: User, bob: User, room: RoomPayload
) -> None:
    pair = tokens.start_session(bob)
    say(alice, room.id, "what alice says in public")
    direct, _ = open_direct(acting(bob), "alice")
    file = ContentFile(b"what alice keeps", "hers.txt")
    say(alice, direct.id, "for bob", add_attachment(acting(alice), direct.id, file).id)
    update_room(acting(alice), room.id, {"topic": "the topic of alice"})
    archive = made(bob)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert rows(archive, "messages") == []
    for secret in (b"what alice", b"for bob", b"hers.txt", b"the topic of alice"):
        assert secret not in everything
    for token in (pair.access, pair.refresh):
        assert token.encode() not in everything
    assert b"password" not in everything


def test_an_archive_has_the_persons_invitations_without_their_codes(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    invite_person(acting(alice), room.id, "charlie")
    code = make_link(acting(alice), room.id, expires_in=60, max_uses=3).code
    archive = made(alice)
    found = rows(archive, "invitations")
    assert [(one["person"], one["max_uses"]) for one in found] == [
        ("charlie", None),
        (None, 3),
    ]
    assert isinstance(code, str)
    assert code.encode() not in archive.read("invitations.json")
    assert "code_hash" not in found[1]


def test_an_archive_does_not_name_rooms_that_the_person_may_not_see(
    alice: User, bob: User, private_room: RoomPayload
) -> None:
    add_member(acting(alice), private_room.id, "bob")
    say(bob, private_room.id, "still mine")
    leave_room(acting(bob), private_room.id)
    update_room(acting(alice), private_room.id, {"name": "what bob must not know"})
    [said] = rows(made(bob), "messages")
    assert (said["room"], said["room_name"]) == (private_room.id, None)
    assert said["body"] == "still mine"


def test_an_archive_is_read_in_pages(
    bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    append([Draft(room.id, acting(bob), f"body {n}") for n in range(25)])
    counts = []
    for page, pages in ((10, 3), (5, 5)):
        monkeypatch.setattr(queries.exports, "PAGE", page)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            archive = made(bob)
        assert [one["body"] for one in rows(archive, "messages")] == [
            f"body {n}" for n in range(25)
        ]
        Export.objects.all().delete()
        counts.append((pages, len(captured)))
    (few, cheap), (many, dear) = counts
    # A page, its files, its rooms' names, the lease and how far it is: each one query.
    assert dear - cheap == 5 * (many - few)


def test_an_archive_leaves_out_a_file_that_is_deleted_meanwhile(
    bob: User, room: RoomPayload, here: Path
) -> None:
    file = add_attachment(acting(bob), room.id, ContentFile(b"gone", "gone.txt"))
    say(bob, room.id, "look", file.id)
    for path in (here / "attachments").iterdir():
        path.unlink()
    archive = made(bob)
    assert rows(archive, "messages")[0]["attachments"] == ["gone.txt"]
    assert not [name for name in archive.namelist() if name.startswith("files/")]


def test_joining_a_room_meanwhile_shifts_no_page_of_the_archive(
    alice: User, bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go by key: a row that goes between two of them hides no other."""
    monkeypatch.setattr(queries.exports, "PAGE", 2)
    append([Draft(room.id, acting(bob), f"body {n}") for n in range(5)])
    pages = queries.exports.SECTIONS["messages"](acting(bob))
    first = next(pages)
    queries.exports.said(acting(bob)).filter(body="body 0").delete()
    join_room(acting(person("eve")), room.id)
    found = [row["body"] for row in [*first, *(r for page in pages for r in page)]]
    assert found == [f"body {n}" for n in range(5)]
