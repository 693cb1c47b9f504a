"""The making of an archive: when it may begin, who makes it, and when it goes."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from accounts.models import User
from chat import leases, queries
from chat.actions import exports
from chat.actions.departures import close_account
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Export, Lease
from chat.payloads.rooms import RoomPayload
from core.errors import Conflict, Forbidden, RateLimited
from core.jobs import Job
from tests.people import acting, person

from .exporting import made
from .storage_folder import stored

pytestmark = pytest.mark.usefixtures("here", "started")


def test_a_person_sees_how_far_their_archive_is(
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


def test_ordering_an_archive_starts_a_job(
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


def test_a_person_orders_one_archive_at_a_time_and_one_an_hour(
    bob: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    exports.start_export(acting(bob))
    with pytest.raises(Conflict):
        exports.start_export(acting(bob))
    exports.make_export(Export.objects.get().pk)
    with pytest.raises(RateLimited) as refused:
        exports.start_export(acting(bob))
    assert 3590 < (refused.value.retry_after or 0) <= 3600
    [before] = stored("exports")
    Export.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert exports.start_export(acting(bob)).state == "waiting"
    assert before not in stored("exports")


def test_guests_order_no_archive(db: None) -> None:
    with pytest.raises(Forbidden):
        exports.start_export(acting(person("guest", is_guest=True)))


def test_an_archive_whose_process_died_can_be_ordered_again(bob: User) -> None:
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


def test_the_clean_up_starts_unfinished_archives(bob: User, started: list[Job]) -> None:
    exports.start_export(acting(bob))
    Export.objects.update(state="running", done=7)
    exports.take_up_exports()
    [job] = started
    job()
    assert Export.objects.get().state == "ready"
    assert not Lease.objects.exists()
    exports.take_up_exports()
    assert len(started) == 1


def test_a_job_that_lost_its_lease_throws_its_archive_away(
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
    assert not stored("exports")
    assert leases.is_held(f"export:{Export.objects.get().pk}")


def test_a_failed_archive_says_so_and_can_be_ordered_again_in_an_hour(
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
    assert not stored("exports")
    with pytest.raises(RateLimited) as refused:
        exports.start_export(acting(bob))
    assert 3590 < (refused.value.retry_after or 0) <= 3600
    Export.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert made(bob).namelist()


def test_archives_are_made_beside_the_stored_files(
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


def test_an_archive_is_deleted_after_seven_days(
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
    assert stored("exports") == {left.file}
    assert queries.exports.export(acting(bob)) is None


def test_deleting_an_account_deletes_its_archive(
    bob: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    bob.set_password("a good password")
    bob.save()
    made(bob)
    with django_capture_on_commit_callbacks(execute=True):
        close_account(acting(bob), current_password="a good password", messages="keep")
    assert not Export.objects.exists()
    assert not stored("exports")


def test_an_archive_that_is_no_longer_wanted_leaves_no_file(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports.start_export(acting(bob))
    real = exports._Making.write

    def write(making: Any, file: Any) -> None:
        real(making, file)
        Export.objects.all().delete()

    monkeypatch.setattr(exports._Making, "write", write)
    exports.make_export(Export.objects.get().pk)
    assert not stored("exports")


def test_asking_for_the_state_takes_one_query(
    bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    exports.start_export(acting(bob))
    with django_assert_num_queries(1):
        queries.exports.export(acting(bob))
