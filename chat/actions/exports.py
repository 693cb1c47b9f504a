"""A person's own data as one archive: ordered, made in the background, deleted later.

The row says how far the archive is. When its process dies, the next clean-up takes the
row up again, or the person orders anew.
"""

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

import msgspec
from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor, check_account, system
from accounts.models import User
from accounts.revocation import current
from core import jobs
from core.errors import Conflict, RateLimited
from core.files import storage

from .. import stored_files
from ..leases import LEASE_SECONDS, Lost, alone, is_held, renew
from ..models import Export, Lease
from ..payloads.people import ExportPayload, export_payload
from ..queries import exports as own

KEPT = timedelta(days=7)
PAUSE = timedelta(hours=1)
_State = Export.State
_UNFINISHED = (_State.WAITING, _State.RUNNING)


@transaction.atomic
def start_export(actor: Actor) -> ExportPayload:
    """Order an archive.

    Raises Forbidden for guests, Conflict while one is being made, and RateLimited for
    an hour after the last one was ordered.
    """
    check_account(actor)
    # Locked: of two requests at once the second finds the first one's row.
    person = current(actor, lock=True).user
    if earlier := Export.objects.filter(user=person).first():
        _check_over(earlier)
        _remove(earlier)
    export = Export.objects.create(user=person)
    transaction.on_commit(lambda: _start(export.pk))
    return export_payload(export)


def discard_export(user: User) -> None:
    """Delete the person's archive, in the caller's transaction; a job at it stops."""
    for export in Export.objects.filter(user=user):
        _remove(export)


def take_up_exports() -> None:
    """Start every unfinished archive that no other process is at."""
    for pk in Export.objects.filter(state__in=_UNFINISHED).values_list("pk", flat=True):
        _start(pk)


@transaction.atomic
def forget_expired() -> None:
    for export in Export.objects.filter(expires_at__lte=timezone.now()):
        _remove(export)


def make_export(pk: int) -> None:
    """Make an archive, unless another process is doing so."""

    def make(lease: Lease) -> None:
        exports = Export.objects.filter(pk=pk, state__in=_UNFINISHED)
        export = exports.select_related("user").first()
        if export is None:
            return
        # Beside the stored files: an archive may be as large, and /tmp may be memory.
        directory: Path = settings.STATE_DIR / "exports"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with TemporaryFile(dir=directory) as file:
                _Making(export, lease).write(file)
                _finish(export, lease, file)
        except Lost:
            raise
        except Exception:
            _change(export, state=_State.FAILED)
            raise

    alone(_lease_name(pk), make)


def _check_over(export: Export) -> None:
    age = timezone.now() - export.created_at
    if export.state in _UNFINISHED:
        is_new = age < timedelta(seconds=LEASE_SECONDS)
        if is_new or is_held(_lease_name(export.pk)):
            raise Conflict("Your data is being put together: see GET /me/export.")
    # After a failed one too, which may have cost as much.
    elif age < PAUSE:
        wait = (PAUSE - age).total_seconds()
        raise RateLimited("You asked for this not long ago.", retry_after=ceil(wait))


def _remove(export: Export) -> None:
    stored_files.remove_on_commit("exports", export.file)
    export.delete()


def _start(pk: int) -> None:
    jobs.start(partial(make_export, pk))


def _lease_name(pk: int) -> str:
    return f"export:{pk}"


def _finish(export: Export, lease: Lease, file: IO[bytes]) -> None:
    # Without an owner, so that it counts for the server alone: a person whose quota is
    # full can still take their data away.
    stored = stored_files.put("exports", File(file), owner=None)
    with stored as [name], transaction.atomic():
        renew(lease)
        _change(
            export,
            state=_State.READY,
            file=name,
            total=export.done,
            expires_at=timezone.now() + KEPT,
        )


def _change(export: Export, **fields: object) -> None:
    """Update the row. Raises Lost when it is gone, so that nobody wants the archive."""
    if not Export.objects.filter(pk=export.pk).update(**fields):
        raise Lost


class _Making:
    """One archive, written page by page; each page renews the lease."""

    def __init__(self, export: Export, lease: Lease) -> None:
        self._export = export
        self._lease = lease
        self._user = export.user
        self._actor = system(export.user)

    def write(self, file: IO[bytes]) -> None:
        self._export.done = 0
        total = own.said(self._actor).count()
        _change(self._export, state=_State.RUNNING, done=0, total=total)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            profile = msgspec.json.encode(own.profile(self._actor))
            archive.writestr("profile.json", profile)
            for name, section in own.SECTIONS.items():
                with archive.open(f"{name}.json", "w", force_zip64=True) as part:
                    part.writelines(self._json_list(name, section(self._actor)))
            if self._user.avatar:
                self._copy(archive, "avatar.webp", "avatars", self._user.avatar)
            for page in own.uploaded(self._actor):
                for upload in page:
                    path = own.file_path(upload)
                    self._copy(archive, path, "attachments", upload.file)

    def _json_list(self, name: str, pages: own.Pages) -> Iterator[bytes]:
        """The pieces of one JSON list. Counts the messages, which are most of it."""
        yield b"["
        separator = b"\n"
        for page in pages:
            renew(self._lease)
            for row in page:
                yield separator + msgspec.json.encode(row)
                separator = b",\n"
            if name == own.MESSAGES:
                self._export.done += len(page)
                _change(self._export, done=self._export.done)
        yield b"\n]\n"

    def _copy(
        self,
        archive: zipfile.ZipFile,
        path: str,
        folder: storage.Folder,
        name: str,
    ) -> None:
        renew(self._lease)
        try:
            content = storage.opened(folder, name)
        except FileNotFoundError:
            # Deleted since its page was read.
            return
        with content, archive.open(path, "w", force_zip64=True) as part:
            copyfileobj(content, part)
