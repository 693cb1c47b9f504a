"""Making rooms."""

from django.db import IntegrityError, transaction

from accounts.models import User

from .. import broadcast
from ..access import check_create
from ..broadcast import ToPerson
from ..errors import Conflict
from ..events import RoomAdded, encode
from ..log import Draft, append_one
from ..models import Membership, Room
from ..payloads import RoomPayload, room_payload


@transaction.atomic
def create_room(
    user: User,
    *,
    name: str,
    kind: str = Room.Kind.PUBLIC,
    topic: str = "",
    staff_only: bool = False,
) -> RoomPayload:
    """A new room with its maker as owner. Raises Conflict when the name is taken."""
    check_create(user, staff_only=staff_only)
    try:
        with transaction.atomic():
            room = Room.objects.create(
                name=name, kind=kind, topic=topic, staff_only=staff_only
            )
    except IntegrityError:
        raise Conflict("There is a public room of this name.") from None
    membership = Membership.objects.create(
        room=room, user=user, role=Membership.Role.OWNER
    )
    append_one(Draft(str(room.pk), user, event={"type": "room.created"}))
    room.refresh_from_db(fields=["head_seq"])
    return announce_added(room, membership)


def announce_added(room: Room, membership: Membership) -> RoomPayload:
    """Tell the person's other connections, after commit, that they are a member."""
    payload = room_payload(room, membership)
    envelope = ToPerson(str(membership.user_id), encode(RoomAdded(payload)))
    transaction.on_commit(lambda: broadcast.publish([envelope]))
    return payload
