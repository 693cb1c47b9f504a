"""Every operation, and everybody who can stand before a room: who is answered what.

The table is the rule; an operation that is not in it fails. A number is a success, a
word the refusal: `who` unauthorized, `no` forbidden, `mute` muted, `none`
room_not_found, `void` invitation_not_found, `gone` not_found. The columns are ROLES, from the owner to nobody.
"""

import pytest

from chat.models import (
    Attachment,
    Ban,
    Block,
    Invitation,
    Membership,
    Message,
    Reaction,
    Room,
)

from .bodies import request_of
from .door import Answer
from .scene import ROLES, new_scene
from .surface import OPERATIONS, Operation, name

# owner moderator member muted banned former outsider staff guest visitor anonymous
TABLE = {
    "GET attachments/{attachment_id}": "200 200 200 200 gone gone gone gone gone 200 who",
    "POST attachments/{attachment_id}/link": "201 201 201 201 gone gone gone gone gone 201 who",
    "GET attachments/{attachment_id}/thumbnail": "200 200 200 200 gone gone gone gone gone 200 who",
    "POST auth/email": "invalid invalid invalid invalid invalid invalid invalid invalid invalid invalid invalid",
    "POST auth/guest": "201 201 201 201 201 201 201 201 201 201 201",
    "POST auth/login": "who who who who who who who who who who who",
    "POST auth/logout": "204 204 204 204 204 204 204 204 204 204 who",
    "POST auth/logout-all": "204 204 204 204 204 204 204 204 204 204 who",
    "POST auth/password-reset": "204 204 204 204 204 204 204 204 204 204 204",
    "POST auth/password-reset/confirm": "invalid invalid invalid invalid invalid invalid invalid invalid invalid invalid invalid",
    "POST auth/refresh": "who who who who who who who who who who who",
    "POST auth/register": "201 201 201 201 201 201 201 201 201 201 201",
    "POST auth/ticket": "201 201 201 201 201 201 201 201 201 201 who",
    "GET avatars/{avatar}": "200 200 200 200 200 200 200 200 200 200 200",
    "POST direct": "201 201 201 201 201 201 201 201 no no who",
    "GET directory": "200 200 200 200 200 200 200 200 200 200 who",
    "GET invitations/{code}": "200 200 200 200 void 200 200 200 no no who",
    "POST invitations/{code}/accept": "200 200 200 200 void 200 200 200 no no who",
    "GET limits": "200 200 200 200 200 200 200 200 200 200 200",
    "GET me": "200 200 200 200 200 200 200 200 200 200 who",
    "PATCH me": "200 200 200 200 200 200 200 200 no no who",
    "DELETE me/avatar": "200 200 200 200 200 200 200 200 no no who",
    "PUT me/avatar": "200 200 200 200 200 200 200 200 no no who",
    "GET me/blocks": "200 200 200 200 200 200 200 200 200 200 who",
    "DELETE me/blocks/{user_id}": "204 204 204 204 204 204 204 204 no no who",
    "PUT me/blocks/{user_id}": "204 204 204 204 204 204 204 204 no no who",
    "POST me/delete": "invalid invalid invalid invalid invalid invalid invalid invalid no no who",
    "POST me/email": "invalid invalid invalid invalid invalid invalid invalid invalid no no who",
    "GET me/export": "gone gone gone gone gone gone gone gone gone gone who",
    "POST me/export": "202 202 202 202 202 202 202 202 no no who",
    "GET me/export/file": "gone gone gone gone gone gone gone gone gone gone who",
    "GET me/invitations": "200 200 200 200 200 200 200 200 200 200 who",
    "DELETE me/invitations/{invitation_id}": "void void void void void void 204 void no no who",
    "POST me/invitations/{invitation_id}/accept": "void void void void void void 200 void no no who",
    "POST me/password": "invalid invalid invalid invalid invalid invalid invalid invalid no no who",
    "GET me/sessions": "200 200 200 200 200 200 200 200 200 200 who",
    "DELETE me/sessions/{session_id}": "gone gone gone gone gone gone gone gone gone gone who",
    "GET rooms": "200 200 200 200 200 200 200 200 200 200 who",
    "POST rooms": "201 201 201 201 201 201 201 201 no no who",
    "GET rooms/by-name/{name}": "200 200 200 200 none 200 200 200 none 200 who",
    "DELETE rooms/{room_id}": "204 no no no none no no no none no who",
    "GET rooms/{room_id}": "200 200 200 200 none 200 200 200 none 200 who",
    "PATCH rooms/{room_id}": "200 200 no no none no no no none no who",
    "POST rooms/{room_id}/attachments": "201 201 201 mute none no no no none no who",
    "DELETE rooms/{room_id}/avatar": "200 200 no no none no no no none no who",
    "PUT rooms/{room_id}/avatar": "200 200 no no none no no no none no who",
    "GET rooms/{room_id}/bans": "200 200 no no none no no no none no who",
    "DELETE rooms/{room_id}/bans/{user_id}": "204 204 no no none no no no none no who",
    "PUT rooms/{room_id}/bans/{user_id}": "204 204 no no none no no no none no who",
    "GET rooms/{room_id}/invitations": "200 200 no no none no no no none no who",
    "POST rooms/{room_id}/invitations": "201 201 no no none no no no none no who",
    "DELETE rooms/{room_id}/invitations/{invitation_id}": "204 204 no no none no no no none no who",
    "POST rooms/{room_id}/join": "200 200 200 200 none 200 200 200 none no who",
    "POST rooms/{room_id}/leave": "200 200 200 200 none 200 200 200 none no who",
    "GET rooms/{room_id}/members": "200 200 200 200 none no no no none no who",
    "POST rooms/{room_id}/members": "201 201 no no none no no no none no who",
    "DELETE rooms/{room_id}/members/{user_id}": "204 204 no no none no no no none no who",
    "PATCH rooms/{room_id}/members/{user_id}": "200 no no no none no no no none no who",
    "DELETE rooms/{room_id}/members/{user_id}/mute": "204 204 no no none no no no none no who",
    "PUT rooms/{room_id}/members/{user_id}/mute": "200 200 no no none no no no none no who",
    "GET rooms/{room_id}/messages": "200 200 200 200 none no no no none 200 who",
    "POST rooms/{room_id}/messages": "201 201 201 mute none no no no none no who",
    "DELETE rooms/{room_id}/messages/{seq}": "200 200 no no none no no no none no who",
    "GET rooms/{room_id}/messages/{seq}": "200 200 200 200 none no no no none 200 who",
    "PATCH rooms/{room_id}/messages/{seq}": "200 no no mute none no no no none no who",
    "DELETE rooms/{room_id}/messages/{seq}/pin": "200 200 no no none no no no none no who",
    "PUT rooms/{room_id}/messages/{seq}/pin": "200 200 no no none no no no none no who",
    "DELETE rooms/{room_id}/messages/{seq}/reactions/{emoji}": "200 200 200 mute none no no no none no who",
    "PUT rooms/{room_id}/messages/{seq}/reactions/{emoji}": "200 200 200 mute none no no no none no who",
    "PUT rooms/{room_id}/notifications": "200 200 200 200 none no no no none no who",
    "PUT rooms/{room_id}/read": "200 200 200 200 none no no no none no who",
    "PUT rooms/{room_id}/unread": "200 200 200 200 none no no no none no who",
    "GET rooms/{room_id}/retention": "200 no no no none no no no none no who",
    "GET search": "200 200 200 200 200 200 200 200 forbidden forbidden who",
    "GET users": "200 200 200 200 200 200 200 200 no no who",
    "GET users/{user_id}": "200 200 200 200 200 200 200 200 no no who",
}
WORDS = {
    "who": "unauthorized",
    "no": "forbidden",
    "mute": "muted",
    "none": "room_not_found",
    "void": "invitation_not_found",
    "gone": "not_found",
}
CELLS = [(operation, role) for operation in OPERATIONS for role in ROLES]


def test_every_operation_is_in_the_table() -> None:
    assert set(TABLE) == {name(operation) for operation in OPERATIONS}
    assert {len(row.split()) for row in TABLE.values()} == {len(ROLES)}


@pytest.mark.django_db
@pytest.mark.parametrize(("operation", "role"), CELLS, ids=name)
def test_each_person_gets_the_answer_of_the_table(
    operation: Operation, role: str
) -> None:
    scene = new_scene(guests_may_read=role == "visitor")
    before = _state()
    path, body = request_of(operation, scene)
    answer = scene.door(role).send(operation.method, path, body)
    expected = TABLE[name(operation)].split()[ROLES.index(role)]
    assert _outcome(answer) == WORDS.get(expected, expected)
    if answer.status >= 400:
        assert _state() == before


def _outcome(answer: Answer) -> str:
    if answer.status < 400:
        return str(answer.status)
    return str(answer.json()["code"])


def _state() -> list[object]:
    """Everything that a refusal must leave as it was."""
    return [
        list(Room.objects.order_by("pk").values("pk", "head_seq", "topic", "avatar")),
        list(Membership.objects.order_by("pk").values("role", "read_seq", "notify")),
        list(Message.objects.order_by("pk").values_list("pk", "rev")),
        [model.objects.count() for model in (Attachment, Ban, Block, Invitation)],
        Reaction.objects.count(),
    ]
