"""The pictures of people and rooms. The old file goes when the new one is stored."""

from contextlib import AbstractContextManager

from django.core.files.base import File
from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.revocation import current
from core import limits
from core.files import pictures
from core.limits.table import LIMITS

from .. import stored_files
from ..announcements import announce_person
from ..payloads.rooms import RoomPayload
from .attachments import check_size
from .rooms import update_room


def change_avatar(actor: Actor, file: "File[bytes]") -> User:
    """Raises Forbidden for guests, TooLong, Invalid, RateLimited or QuotaExceeded."""
    # Before the picture is decoded, which is most of the work.
    check_account(actor)
    with (
        _square(actor, file) as picture,
        stored_files.put("avatars", picture, owner=actor.user) as [name],
    ):
        return _set_avatar(actor, name)


def remove_avatar(actor: Actor) -> User:
    limits.profile_changes.take(actor.id)
    return _set_avatar(actor, "")


def change_room_avatar(actor: Actor, room_id: str, file: "File[bytes]") -> RoomPayload:
    with (
        _square(actor, file) as picture,
        stored_files.put("avatars", picture, owner=actor.user) as [name],
    ):
        return update_room(actor, room_id, {"avatar": name})


def remove_room_avatar(actor: Actor, room_id: str) -> RoomPayload:
    return update_room(actor, room_id, {"avatar": ""})


def _square(actor: Actor, file: "File[bytes]") -> "AbstractContextManager[File[bytes]]":
    limits.uploads.take(actor.id)
    check_size(file, LIMITS.avatar_bytes)
    return pictures.square(file)


@transaction.atomic
def _set_avatar(actor: Actor, name: str) -> User:
    """Every change of a person's picture comes through here."""
    check_account(actor)
    # Locked, so that of two changes at once the later one removes the earlier's file.
    person = current(actor, lock=True).user
    if person.avatar != name:
        stored_files.remove_on_commit("avatars", person.avatar)
        person.avatar = name
        person.save(update_fields=["avatar"])
        announce_person(person)
    return person
