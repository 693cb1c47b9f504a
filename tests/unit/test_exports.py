"""My data in one archive: all that is mine, nothing of others, and kept for a week."""

import json
import secrets
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from accounts import tokens
from accounts.models import User
from backend.storages import file_storage
from chat import leases, queries
from chat.actions import exports
from chat.actions.attachments import add_attachment
from chat.actions.avatars import change_avatar
from chat.actions.blocks import block
from chat.actions.departures import close_account
from chat.actions.direct import open_direct
from chat.actions.invitations import invite_person, make_link
from chat.actions.members import add_member
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import send_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import update_room
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Export, Lease
from chat.payloads.rooms import RoomPayload
from core import jobs
from core.errors import Conflict, Forbidden, RateLimited
from core.files import storage
from core.jobs import Job
from tests.people import acting, person
from tests.pictures import png


@pytest.fixture(autouse=True)
def here(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    return tmp_path


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What was handed to the background; it is done when a test says so."""
    found: list[Job] = []
    monkeypatch.setattr(jobs, "start", found.append)
    return found


def stored() -> set[str]:
    if not default_storage.exists("exports"):
        return set()
    return set(default_storage.listdir("exports")[1])


def made(user: User) -> ZipFile:
    exports.start_export(acting(user))
    export = Export.objects.get(user=user)
    exports.make_export(export.pk)
    export.refresh_from_db()
    assert export.state == "ready"
    with storage.opened("exports", export.file) as file:
        return ZipFile(BytesIO(file.read()))


def rows(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(f"{name}.json"))


def say(user: User, room: str, body: str, *files: str) -> int:
    key = secrets.token_hex(8)
    return send_message(
        acting(user), room, client_id=key, body=body, attachments=files
    ).message.seq


def test_everything_that_is_mine(alice: User, bob: User, room: RoomPayload) -> None:
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


def test_nothing_of_others_and_no_secret(
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


def test_invitations_that_i_made_without_the_code(
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


def test_name_of_a_room_that_one_may_not_see_any_more(
    alice: User, bob: User, private_room: RoomPayload
) -> None:
    add_member(acting(alice), private_room.id, "bob")
    say(bob, private_room.id, "still mine")
    leave_room(acting(bob), private_room.id)
    update_room(acting(alice), private_room.id, {"name": "what bob must not know"})
    [said] = rows(made(bob), "messages")
    assert (said["room"], said["room_name"]) == (private_room.id, None)
    assert said["body"] == "still mine"


def test_history_is_read_in_pages(
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


def test_progress_is_shown(
    bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    append([Draft(room.id, acting(bob), f"body {n}") for n in range(25)])
    monkeypatch.setattr(queries.exports, "PAGE", 10)
    seen = []

    def renew(lease: Lease) -> None:
        export = queries.exports.export(acting(bob))
        assert export is not None
        seen.append((export.state, export.done, export.total))

    assert exports.start_export(acting(bob)).state == "waiting"
    monkeypatch.setattr(exports, "renew", renew)
    exports.make_export(Export.objects.get().pk)
    assert [state for state, *_ in seen] == ["running"] * len(seen)
    assert list(dict.fromkeys(done for _, done, _ in seen)) == [0, 10, 20, 25]
    ready = queries.exports.export(acting(bob))
    assert ready is not None
    assert (ready.state, ready.done, ready.total) == ("ready", 25, 25)
    assert ready.url == "/api/v1/me/export/file"
    assert ready.expires_at is not None
    assert timedelta(days=6.9) < ready.expires_at - timezone.now() <= exports.KEPT


def test_request_starts_it_in_the_background(
    bob: User,
    started: list[Job],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        exports.start_export(acting(bob))
        assert not started
    [job] = started
    job()
    assert Export.objects.get().state == "ready"


def test_one_at_a_time_and_one_an_hour(
    bob: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    exports.start_export(acting(bob))
    with pytest.raises(Conflict):
        exports.start_export(acting(bob))
    exports.make_export(Export.objects.get().pk)
    with pytest.raises(RateLimited) as refused:
        exports.start_export(acting(bob))
    assert 3590 < (refused.value.retry_after or 0) <= 3600
    [before] = stored()
    Export.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert exports.start_export(acting(bob)).state == "waiting"
    assert before not in stored()


def test_guests_have_no_data(db: None) -> None:
    with pytest.raises(Forbidden):
        exports.start_export(acting(person("guest", is_guest=True)))


def test_one_whose_process_died_is_started_again(bob: User) -> None:
    """Within a minute nobody can tell; then the row and its lease are stale."""
    exports.start_export(acting(bob))
    dead = Export.objects.get()
    Export.objects.update(
        state="running", created_at=timezone.now() - timedelta(minutes=2)
    )
    name = f"export:{dead.pk}"
    Lease.objects.create(name=name, holder="dead", until=Now() + timedelta(seconds=9))
    with pytest.raises(Conflict):
        exports.start_export(acting(bob))
    exports.make_export(dead.pk)
    assert Export.objects.get().state == "running"
    Lease.objects.update(until=Now() - timedelta(seconds=1))
    assert exports.start_export(acting(bob)).state == "waiting"
    assert Export.objects.get().pk != dead.pk


def test_clean_up_takes_up_what_was_left(bob: User, started: list[Job]) -> None:
    exports.start_export(acting(bob))
    Export.objects.update(state="running", done=7)
    exports.take_up_exports()
    [job] = started
    job()
    assert Export.objects.get().state == "ready"
    assert not Lease.objects.exists()
    exports.take_up_exports()
    assert len(started) == 1


def test_who_only_slept_throws_its_archive_away(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else took the lease while the archive was being written."""
    exports.start_export(acting(bob))
    real = exports._Making.write

    def slow(making: Any, file: Any) -> None:
        real(making, file)
        Lease.objects.update(holder="other")

    monkeypatch.setattr(exports._Making, "write", slow)
    exports.make_export(Export.objects.get().pk)
    assert Export.objects.get().state == "running"
    assert not stored()
    assert leases.is_held(f"export:{Export.objects.get().pk}")


def test_failure_is_said_and_can_be_tried_again_in_an_hour(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports.start_export(acting(bob))
    with monkeypatch.context() as broken:
        broken.setattr(queries.exports, "profile", lambda user: object())
        with pytest.raises(TypeError):
            exports.make_export(Export.objects.get().pk)
    found = queries.exports.export(acting(bob))
    assert found is not None
    assert (found.state, found.url) == ("failed", None)
    assert not stored()
    with pytest.raises(RateLimited) as refused:
        exports.start_export(acting(bob))
    assert 3590 < (refused.value.retry_after or 0) <= 3600
    Export.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert made(bob).namelist()


def test_archives_are_made_beside_the_files(
    bob: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's temporary folder may be memory, and has no bound of ours."""
    settings.STATE_DIR = tmp_path / "state"
    where = []

    def temporary(dir: Path) -> IO[bytes]:
        where.append(dir)
        return TemporaryFile(dir=dir)

    monkeypatch.setattr(exports, "TemporaryFile", temporary)
    made(bob)
    assert where == [tmp_path / "state" / "exports"]
    assert not list(where[0].iterdir())


def test_file_that_is_gone_meanwhile_is_left_out(
    bob: User, room: RoomPayload, here: Path
) -> None:
    file = add_attachment(acting(bob), room.id, ContentFile(b"gone", "gone.txt"))
    say(bob, room.id, "look", file.id)
    for path in (here / "attachments").iterdir():
        path.unlink()
    archive = made(bob)
    assert rows(archive, "messages")[0]["attachments"] == ["gone.txt"]
    assert not [name for name in archive.namelist() if name.startswith("files/")]


def test_forgotten_after_seven_days(
    alice: User,
    bob: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    made(alice)
    made(bob)
    past = timezone.now() - timedelta(seconds=1)
    Export.objects.filter(user=bob).update(expires_at=past)
    assert queries.exports.archive(acting(bob)) is None
    with django_capture_on_commit_callbacks(execute=True):
        exports.forget_expired()
    [left] = Export.objects.all()
    assert left.user == alice
    assert stored() == {left.file}
    assert queries.exports.export(acting(bob)) is None


def test_deleted_account_takes_its_archive_along(
    bob: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    bob.set_password("a good password")
    bob.save()
    made(bob)
    with django_capture_on_commit_callbacks(execute=True):
        close_account(acting(bob), current_password="a good password", messages="keep")
    assert not Export.objects.exists()
    assert not stored()


def test_export_that_is_no_longer_wanted_leaves_nothing(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports.start_export(acting(bob))
    real = exports._Making.write

    def write(making: Any, file: Any) -> None:
        real(making, file)
        Export.objects.all().delete()

    monkeypatch.setattr(exports._Making, "write", write)
    exports.make_export(Export.objects.get().pk)
    assert not stored()


def test_queries_of_the_state(
    bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    exports.start_export(acting(bob))
    with django_assert_num_queries(1):
        queries.exports.export(acting(bob))


def test_joining_another_room_meanwhile_shifts_no_page(
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
