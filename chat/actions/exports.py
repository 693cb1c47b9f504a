"""A person's own data as one archive: asked for, made in the background, forgotten.

The row says how far it is. A row that nobody works on, because the process ended, is
taken up by the next clean-up, or by the person asking again.
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
    """Raises Conflict while one is under way, RateLimited soon after one ended."""
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
    """With its archive; who is making it stops. In the caller's transaction."""
    for export in Export.objects.filter(user=user):
        _remove(export)


def take_up_exports() -> None:
    """What is waiting or left over; where somebody is at it, nothing comes of it."""
    for pk in Export.objects.filter(state__in=_UNFINISHED).values_list("pk", flat=True):
        _start(pk)


@transaction.atomic
def forget_expired() -> None:
    for export in Export.objects.filter(expires_at__lte=timezone.now()):
        _remove(export)


def make_export(pk: int) -> None:
    alone(_lease_name(pk), partial(_make, pk))


def _check_over(export: Export) -> None:
    age = timezone.now() - export.created_at
    if export.state in _UNFINISHED:
        is_new = age < timedelta(seconds=LEASE_SECONDS)
        if is_new or is_held(_lease_name(export.pk)):
            raise Conflict("Your data is being put together: see GET /me/export.")
    # A failed one too: it may have cost as much.
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


def _make(pk: int, lease: Lease) -> None:
    found = Export.objects.filter(pk=pk, state__in=_UNFINISHED)
    export = found.select_related("user").first()
    if export is None:
        return
    try:
        with TemporaryFile(dir=_directory()) as file:
            _Making(export, lease).write(file)
            _finish(export, lease, file)
    except Lost:
        raise
    except Exception:
        _change(export, state=_State.FAILED)
        raise


def _directory() -> Path:
    """Beside the files: it may be as large, and /tmp may be memory."""
    directory: Path = settings.STATE_DIR / "exports"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _finish(export: Export, lease: Lease, file: IO[bytes]) -> None:
    # Counts for the server alone: somebody without room can still take their data away.
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
    """Raises Lost when nobody wants it any more."""
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
        self._begin()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            profile = msgspec.json.encode(own.profile(self._actor))
            archive.writestr("profile.json", profile)
            for name, section in own.SECTIONS.items():
                with archive.open(f"{name}.json", "w", force_zip64=True) as part:
                    self._write_list(part, name, section(self._actor))
            self._write_avatar(archive)
            for page in own.uploaded(self._actor):
                for found in page:
                    path = own.file_path(found)
                    self._copy(archive, path, "attachments", found.file)

    def _begin(self) -> None:
        total = own.said(self._actor).count()
        _change(self._export, state=_State.RUNNING, done=0, total=total)

    def _write_list(self, part: IO[bytes], name: str, pages: own.Pages) -> None:
        part.write(b"[")
        part.writelines(_lines(self._counted(name, pages)))
        part.write(b"\n]\n")

    def _counted(self, name: str, pages: own.Pages) -> own.Pages:
        for page in pages:
            renew(self._lease)
            yield page
            if name == own.MESSAGES:
                self._export.done += len(page)
                _change(self._export, done=self._export.done)

    def _write_avatar(self, archive: zipfile.ZipFile) -> None:
        if self._user.avatar:
            self._copy(archive, "avatar.webp", "avatars", self._user.avatar)

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


def _lines(pages: own.Pages) -> Iterator[bytes]:
    separator = b"\n"
    for page in pages:
        for row in page:
            yield separator + msgspec.json.encode(row)
            separator = b",\n"
