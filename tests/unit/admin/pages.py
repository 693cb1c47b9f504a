"""Pages of the admin site, as a browser asks for them and sends their forms."""

import re
from html import unescape

from django.test import Client

from accounts import tokens
from accounts.models import User
from core.errors import Unauthorized

LISTS = (
    "accounts/user",
    "accounts/session",
    "chat/room",
    "chat/membership",
    "chat/message",
)
PASSWORD = "correct-horse-42"


def shown(client: Client, path: str) -> str:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == 200, path
    return unescape(answer.content.decode())


def act(client: Client, path: str, action: str, *chosen: object) -> str:
    keys = [str(one) for one in chosen]
    form = {"action": action, "_selected_action": keys}
    answer = client.post(f"/admin/{path}/", form, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def change_person(client: Client, user: User, **fields: object) -> None:
    """Send the form as the page shows it, with some fields changed."""
    form: dict[str, object] = {
        "username": user.username,
        "display_name": user.display_name,
        **{
            flag: "on"
            for flag in ("is_active", "is_staff", "is_superuser", "is_bot")
            if getattr(user, flag)
        },
        **fields,
    }
    sent = {name: value for name, value in form.items() if value is not None}
    answer = client.post(f"/admin/accounts/user/{user.pk}/change/", sent)
    assert answer.status_code == 302, re.findall(
        r"errorlist.*", answer.content.decode()
    )


def is_good(token: str) -> bool:
    try:
        tokens.verify_access(token)
    except Unauthorized:
        return False
    return True
