"""How much the files of a person, and all files together, may take.

A file counts before it is stored and until it is gone. Each change is a short
transaction of its own: the one row of the total, which every upload and every removal
changes, is never held while a room is, so nobody waits in one room for another.
"""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from accounts.models import User
from core.errors import QuotaExceeded
from core.limits.table import LIMITS

from .models import StoredFile, StoredTotal

# As file systems count. It also bounds how many rows a quota is, which are added up.
BLOCK = 4096

_TOTAL = 1
# Each name is a value in a query, and a database takes only so many.
_AT_ONCE = 1_000


def used_by(person: User) -> int:
    """The bytes of all files that count against this person."""
    return _sum(StoredFile.objects.filter(owner=person))


@transaction.atomic
def reserve(sizes: Mapping[str, int], owner: User | None) -> None:
    """Count files that are about to be stored. Raises QuotaExceeded."""
    taken = {name: -(-size // BLOCK) * BLOCK for name, size in sizes.items()}
    wanted = sum(taken.values())
    if owner is not None:
        _check_person(owner, wanted)
    _add(wanted)
    StoredFile.objects.bulk_create(
        StoredFile(name=name, owner=owner, bytes=size) for name, size in taken.items()
    )


def release(names: Sequence[str]) -> None:
    """Their files are gone. Names that do not count, or no longer, change nothing."""
    for start in range(0, len(names), _AT_ONCE):
        _release(names[start : start + _AT_ONCE])


@transaction.atomic
def _release(names: Sequence[str]) -> None:
    # Locked: of two who remove the same file, one gives its bytes back.
    found = StoredFile.objects.select_for_update().filter(name__in=names)
    freed = sum(found.order_by("name").values_list("bytes", flat=True))
    StoredFile.objects.filter(name__in=names).delete()
    StoredTotal.objects.filter(pk=_TOTAL).update(bytes=F("bytes") - freed)


def _check_person(person: User, wanted: int) -> None:
    # Locked: of two uploads at once the second one counts the first.
    list(User.objects.select_for_update(no_key=True).filter(pk=person.pk))
    most = LIMITS.stored_bytes_per_person
    if used_by(person) + wanted > most:
        raise QuotaExceeded(f"Your files may take {most} bytes: delete some of them.")


def _add(wanted: int) -> None:
    """Checked and changed in one statement, so that all processes share one total."""
    if not StoredTotal.objects.filter(pk=_TOTAL).exists():
        everything = _sum(StoredFile.objects.all())
        StoredTotal.objects.get_or_create(pk=_TOTAL, defaults={"bytes": everything})
    room = StoredTotal.objects.filter(
        pk=_TOTAL, bytes__lte=LIMITS.stored_bytes - wanted
    )
    if not room.update(bytes=F("bytes") + wanted):
        raise QuotaExceeded("This server has no room for more files.")


def _sum(files: QuerySet[StoredFile]) -> int:
    return int(files.aggregate(bytes=Sum("bytes"))["bytes"] or 0)
