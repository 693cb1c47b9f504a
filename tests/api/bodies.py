"""A good request for every operation, so that only who asks can be wrong with it."""

from tests.pictures import png

from .door import Upload
from .scene import Scene
from .surface import Operation, name

BODIES: dict[str, object] = {
    "POST auth/guest": {"display_name": "Passer-by"},
    "POST auth/login": {"username": "owner", "password": "wrong"},
    "POST auth/refresh": {"refresh": "wrong"},
    "POST auth/register": {"username": "newcomer", "password": "correct horse"},
    "POST direct": {"user": "victim"},
    "PUT me/avatar": Upload("me.png", png()),
    "PATCH me": {"display_name": "New"},
    "POST me/password": {"current_password": "wrong", "new_password": "correct horse"},
    "POST me/delete": {"current_password": "wrong", "messages": "keep"},
    "POST rooms": {"name": "another"},
    "PATCH rooms/{room_id}": {"topic": "new"},
    "POST rooms/{room_id}/invitations": {"max_uses": 1},
    "PUT rooms/{room_id}/notifications": {"level": "mentions"},
    "POST rooms/{room_id}/attachments": Upload("a.txt", b"hello"),
    "PUT rooms/{room_id}/avatar": Upload("room.png", png()),
    "POST rooms/{room_id}/members": {"user": "outsider"},
    "PATCH rooms/{room_id}/members/{user_id}": {"role": "moderator"},
    "PUT rooms/{room_id}/members/{user_id}/mute": {"seconds": 60},
    "POST rooms/{room_id}/messages": {"client_id": "2", "body": "hello"},
    "PATCH rooms/{room_id}/messages/{seq}": {"body": "changed"},
    "PUT rooms/{room_id}/read": {"seq": 1},
    "PUT rooms/{room_id}/unread": {"seq": 1},
}
QUERIES = {
    "GET rooms/{room_id}/retention": "?days=30",
    "GET search": "?q=hello",
    "GET users": "?search=vic",
}


def request_of(operation: Operation, scene: Scene) -> tuple[str, object]:
    """Its path, about the victim and the owner's message, and its body."""
    path = operation.template.format(
        room_id=scene.room,
        seq=scene.owners,
        user_id=scene.victim.pk,
        session_id=scene.victim.pk,
        name="general",
        attachment_id=scene.attachment,
        avatar=scene.avatar,
        emoji="👍",
        invitation_id=scene.invitation,
        code=scene.code,
    )
    return path + QUERIES.get(name(operation), ""), BODIES.get(name(operation))
