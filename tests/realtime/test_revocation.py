"""A person who is revoked loses the sockets of every process within a second."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests import canary
from tests.served import Deployment, Process
from tests.sockets import chatting

from .accounts import PASSWORD, Account, in_shell, log_in, new_account, ok
from .conftest import Two, closing

# Revokes the account; returns when that is committed, or a moment later.
Cause = Callable[[Deployment, Process, Account], object]


def _post(path: str, body: object = None) -> Cause:
    return lambda _, process, account: ok(
        process.call("POST", path, account.access, body)
    )


def _end_from_another_device(
    deployment: Deployment, process: Process, account: Account
) -> None:
    other = log_in(process, account.name)
    sessions = process.call("GET", "me/sessions", account.access).json()["sessions"]
    [mine] = [session["id"] for session in sessions if session["current"]]
    ok(process.call("DELETE", f"me/sessions/{mine}", other.access))


def _steal(deployment: Deployment, process: Process, account: Account) -> None:
    """Use the refresh token again, later than two tabs of one browser would."""
    body = {"refresh": account.refresh}
    ok(process.call("POST", "auth/refresh", body=body))
    in_shell(
        deployment,
        "from datetime import timedelta;"
        "from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken;"
        "used = BlacklistedToken.objects.filter("
        f"token__user__username='{account.name}').get();"
        "used.blacklisted_at -= timedelta(seconds=11); used.save()",
    )
    assert process.call("POST", "auth/refresh", body=body).status_code == 401


def _reset_password(deployment: Deployment, process: Process, account: Account) -> None:
    """Set a new password as the link in the mail does."""
    token = deployment.manage(
        "shell",
        "-v0",
        "-c",
        "from accounts.mailed_tokens import reset_token;"
        "from accounts.models import User;"
        f"print(reset_token(User.objects.get(username='{account.name}')))",
    ).strip()
    canary.mark("a token", token)
    body = {"token": token, "new_password": "tuba-43-tuba"}
    ok(process.call("POST", "auth/password-reset/confirm", body=body))


def _change_rights(**flags: bool) -> Cause:
    """Change flags in another process, as any program on the server may."""

    def change(deployment: Deployment, process: Process, account: Account) -> None:
        in_shell(
            deployment,
            "import time;"
            "from accounts.models import User;"
            "from accounts.sessions import change_rights;"
            f"change_rights(User.objects.get(username='{account.name}'), **{flags});"
            # The hint leaves in a thread that ends with the process.
            "time.sleep(0.3)",
        )

    return change


CAUSES: dict[str, tuple[Cause, int]] = {
    "log-out": (_post("auth/logout"), 4501),
    "log-out everywhere": (_post("auth/logout-all"), 4501),
    "password": (
        _post(
            "me/password",
            {"current_password": PASSWORD, "new_password": "tuba-43-tuba"},
        ),
        4501,
    ),
    "password reset by mail": (_reset_password, 4501),
    "ended from another device": (_end_from_another_device, 4501),
    "stolen refresh token": (_steal, 4501),
    "deleted": (
        _post("me/delete", {"current_password": PASSWORD, "messages": "keep"}),
        4502,
    ),
    "disabled": (_change_rights(is_active=False), 4502),
    "lost staff flag": (_change_rights(is_staff=False), 4501),
    "new superuser flag": (_change_rights(is_superuser=True), 4501),
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_revoked_persons_sockets_close_on_both_processes_within_a_second(
    shared: Deployment, two: Two, cause: str
) -> None:
    account = new_account(two[0])
    in_shell(
        shared,
        "from accounts.models import User;"
        f"User.objects.filter(username='{account.name}').update(is_staff=True)",
    )
    revoke, expected = CAUSES[cause]
    other = new_account(two[0])
    async with (
        chatting(two[0].socket_url(account.access)) as near,
        chatting(two[1].socket_url(account.access)) as far,
        chatting(two[1].socket_url(other.access)) as somebody_else,
    ):
        watched = [asyncio.create_task(closing(socket)) for socket in (near, far)]
        await asyncio.to_thread(revoke, shared, two[0], account)
        revoked_at = time.monotonic()
        for code, closed_at in await asyncio.gather(*watched):
            assert code == expected
            assert closed_at - revoked_at < 1
        assert (await somebody_else.ask(type="ping"))["type"] == "reply"
    assert two[1].call("GET", "me", account.access).status_code == 401


async def test_a_log_out_leaves_the_persons_other_device_open(two: Two) -> None:
    account = new_account(two[0])
    phone = log_in(two[0], account.name)
    async with chatting(two[1].socket_url(phone.access)) as socket:
        ok(await asyncio.to_thread(two[0].call, "POST", "auth/logout", account.access))
        await asyncio.sleep(0.5)
        assert (await socket.ask(type="ping"))["type"] == "reply"


async def test_a_socket_opened_with_the_new_password_stays_open(two: Two) -> None:
    """It is on the other process, where the hint may come late."""
    account = new_account(two[0])
    for number in range(10):
        old, new = (f"{PASSWORD}-{n}" if n else PASSWORD for n in (number, number + 1))
        body = {"current_password": old, "new_password": new}
        changed = await asyncio.to_thread(
            two[0].call, "POST", "me/password", account.access, body
        )
        pair = changed.json()
        account = Account(account.name, pair["access"], pair["refresh"])
        async with chatting(two[1].socket_url(account.access)) as socket:
            await asyncio.sleep(0.1)
            assert (await socket.ask(type="ping"))["type"] == "reply"
