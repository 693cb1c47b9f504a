"""Who is revoked is off every process within a second; within 35 s without Redis."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests import canary
from tests.served import Deployment, Process
from tests.services.redis_server import redis_server
from tests.sockets import Socket, chatting

from .conftest import Two, new_scene

PASSWORD = "trombone-42"


@dataclass(frozen=True)
class Account:
    name: str
    access: str
    refresh: str


def log_in(process: Process, name: str) -> Account:
    body = {"username": name, "password": PASSWORD}
    pair = process.call("POST", "auth/login", body=body).json()
    return Account(name, pair["access"], pair["refresh"])


def new_account(process: Process) -> Account:
    body = {"username": f"r-{secrets.token_hex(6)}", "password": PASSWORD}
    assert process.call("POST", "auth/register", body=body).ok
    return log_in(process, body["username"])


# Returns when it is committed, or a moment later.
Cause = Callable[[Deployment, Process, Account], object]


def _post(path: str, body: object = None) -> Cause:
    return lambda _, process, account: ok(
        process.call("POST", path, account.access, body)
    )


def ok(answer: requests.Response) -> None:
    assert answer.ok, answer.text


def _end_from_another_device(
    deployment: Deployment, process: Process, account: Account
) -> None:
    other = log_in(process, account.name)
    sessions = process.call("GET", "me/sessions", account.access).json()["sessions"]
    [mine] = [session["id"] for session in sessions if session["current"]]
    ok(process.call("DELETE", f"me/sessions/{mine}", other.access))


def _steal(deployment: Deployment, process: Process, account: Account) -> None:
    """The refresh token is used again, later than two tabs would."""
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
    """As the link in the mail does."""
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
    """By a process of its own, as any program on the server would."""

    def change(deployment: Deployment, process: Process, account: Account) -> None:
        in_shell(
            deployment,
            "import time;"
            "from accounts.models import User;"
            "from accounts.sessions import change_rights;"
            f"change_rights(User.objects.get(username='{account.name}'), **{flags});"
            # The hint goes out by itself, in a thread that ends with the process.
            "time.sleep(0.3)",
        )

    return change


def in_shell(deployment: Deployment, code: str) -> None:
    deployment.manage("shell", "-c", code)


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


async def closing(socket: Socket) -> tuple[int, float]:
    """With which code it was closed, and when."""
    _, code = await socket.closed()
    return code, time.monotonic()


@pytest.mark.parametrize("cause", CAUSES)
async def test_sockets_of_both_processes_close_within_a_second(
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


async def test_another_device_stays(two: Two) -> None:
    account = new_account(two[0])
    phone = log_in(two[0], account.name)
    async with chatting(two[1].socket_url(phone.access)) as socket:
        ok(await asyncio.to_thread(two[0].call, "POST", "auth/logout", account.access))
        await asyncio.sleep(0.5)
        assert (await socket.ask(type="ping"))["type"] == "reply"


async def test_what_the_new_password_opened_stays(two: Two) -> None:
    """On the other process, where the hint comes when it likes."""
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


@pytest.mark.timeout(120)
@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_without_redis_they_close_within_35_s_and_write_nothing(
    tmp_path: Path, postgres_url: str, server: str
) -> None:
    with redis_server() as redis:
        deployment = Deployment(tmp_path, server, postgres_url, redis.url)  # type: ignore[arg-type]
        deployment.migrate()
        with deployment.serving() as first, deployment.serving() as second:
            redis.stop()
            await _all_are_found(deployment, first, second)


async def test_what_redis_lost_is_made_up_for_when_it_is_back(
    tmp_path: Path, postgres_url: str
) -> None:
    """A process whose first socket comes before Redis answers is such a case too."""
    with redis_server() as redis:
        deployment = Deployment(tmp_path, "uvicorn", postgres_url, redis.url)
        deployment.migrate()
        with deployment.serving() as first, deployment.serving() as second:
            redis.stop()
            account = new_account(first)
            async with chatting(second.socket_url(account.access)) as far:
                # Past the check of newcomers.
                await asyncio.sleep(1)
                ok(first.call("POST", "auth/logout", account.access))
                redis.start()
                back = time.monotonic()
                code, closed_at = await closing(far)
            assert code == 4501
            assert closed_at - back < 5


async def _all_are_found(
    deployment: Deployment, first: Process, second: Process
) -> None:
    logged_out, disabled, staff = (new_account(first) for _ in range(3))
    in_shell(deployment, _update(staff, is_staff=True))
    room = new_scene(first, staff.access, logged_out.access, disabled.access).room
    async with (
        chatting(first.socket_url(logged_out.access)) as near,
        chatting(second.socket_url(logged_out.access)) as far,
        chatting(second.socket_url(disabled.access)) as second_far,
        chatting(second.socket_url(staff.access)) as third_far,
    ):
        # Past the check of newcomers, which would find the first of them.
        await asyncio.sleep(1)
        started = time.monotonic()
        ok(first.call("POST", "auth/logout", logged_out.access))
        code, closed_at = await closing(near)
        assert (code, closed_at - started < 2) == (4501, True)
        refused = await far.say(room, "may I still?")
        assert refused.get("code") == "unauthorized"
        # By hand in the database: nobody is told at all.
        in_shell(deployment, _update(disabled, is_active=False))
        in_shell(deployment, _update(staff, is_staff=False))
        updated = time.monotonic()
        ends = await asyncio.gather(*map(patiently, (far, second_far, third_far)))
    assert [code for code, _ in ends] == [4501, 4502, 4501]
    assert ends[0][1] - started < 35
    assert max(closed_at for _, closed_at in ends) - updated < 35


def _update(account: Account, **flags: bool) -> str:
    return (
        "from accounts.models import User;"
        f"User.objects.filter(username='{account.name}').update(**{flags})"
    )


async def patiently(socket: Socket) -> tuple[int, float]:
    """Longer than the tests' usual patience."""
    for _ in range(4):
        try:
            return await closing(socket)
        except TimeoutError:
            continue
    raise AssertionError("It is still open.")
