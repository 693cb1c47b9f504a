"""How much room the files of a person, and all files together, may take.

A file counts from before it is stored until it is gone. Each change is a short
transaction of its own. Every upload and every removal changes the one row of the
total, so no transaction holds it together with a room: else people in one room would
wait for those in another.
"""

from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.db.models import F, Sum

from accounts.models import User
from core.errors import QuotaExceeded
from core.limits.table import LIMITS

from .models import StoredFile, StoredTotal

# Sizes are rounded up to it, as file systems do. It also bounds how many rows a quota
# holds, since they are added up with each upload.
BLOCK = 4096

_TOTAL = 1
_USED_BY = "SELECT COALESCE(SUM(bytes), 0) FROM chat_storedfile WHERE owner_id = %s"
# Each name is a value in a query, and a database takes a limited number of them.
_AT_ONCE = 1_000


def used_by(person: User) -> int:
    """The bytes of all files that count against this person.

    The statement is written by hand, because `GET me` asks for it each time, and
    Django takes longer to build it than the database to answer.
    """
    owner = User._meta.pk.get_db_prep_value(person.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(_USED_BY, [owner])
        return int(cursor.fetchone()[0])


@transaction.atomic
def reserve(sizes: Mapping[str, int], owner: User | None) -> None:
    """Count files that are about to be stored. Raises QuotaExceeded."""
    taken = {name: -(-size // BLOCK) * BLOCK for name, size in sizes.items()}
    wanted = sum(taken.values())
    if owner is not None:
        # Locked: of two uploads at once the second one counts the first.
        list(User.objects.select_for_update(no_key=True).filter(pk=owner.pk))
        most = LIMITS.stored_bytes_per_person
        if used_by(owner) + wanted > most:
            problem = f"Your files may take {most} bytes: delete some of them."
            raise QuotaExceeded(problem)
    _add(wanted)
    StoredFile.objects.bulk_create(
        StoredFile(name=name, owner=owner, bytes=size) for name, size in taken.items()
    )


def release(names: Sequence[str]) -> None:
    """Stop counting files that are gone. Names that do not count change nothing."""
    for start in range(0, len(names), _AT_ONCE):
        files = StoredFile.objects.filter(name__in=names[start : start + _AT_ONCE])
        with transaction.atomic():
            # Locked: of two who remove the same file, one gives its bytes back.
            locked = files.select_for_update().order_by("name")
            freed = sum(locked.values_list("bytes", flat=True))
            files.delete()
            StoredTotal.objects.filter(pk=_TOTAL).update(bytes=F("bytes") - freed)


def _add(wanted: int) -> None:
    """Check and change the total in one statement, so that all processes share it."""
    if not StoredTotal.objects.filter(pk=_TOTAL).exists():
        everything = StoredFile.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
        StoredTotal.objects.get_or_create(pk=_TOTAL, defaults={"bytes": everything})
    room = StoredTotal.objects.filter(
        pk=_TOTAL, bytes__lte=LIMITS.stored_bytes - wanted
    )
    if not room.update(bytes=F("bytes") + wanted):
        raise QuotaExceeded("This server has no room for more files.")
