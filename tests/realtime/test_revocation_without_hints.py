"""Revoked sockets close within 35 s when Redis is down and no hint can come."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.served import Deployment, Process
from tests.services.redis_server import redis_server
from tests.sockets import Socket, chatting

from .accounts import Account, in_shell, new_account, ok
from .conftest import closing, new_scene


@pytest.mark.timeout(120)
@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_without_redis_revoked_sockets_close_within_35_s_and_write_nothing(
    tmp_path: Path, postgres_url: str, server: str
) -> None:
    with redis_server() as redis:
        deployment = Deployment(tmp_path, server, postgres_url, redis.url)  # type: ignore[arg-type]
        deployment.migrate()
        with deployment.serving() as first, deployment.serving() as second:
            redis.stop()
            await _all_are_found(deployment, first, second)


async def test_a_hint_that_redis_lost_is_made_up_for_when_it_is_back(
    tmp_path: Path, postgres_url: str
) -> None:
    """The same happens in a process whose first socket comes before Redis answers."""
    with redis_server() as redis:
        deployment = Deployment(tmp_path, "uvicorn", postgres_url, redis.url)
        deployment.migrate()
        with deployment.serving() as first, deployment.serving() as second:
            redis.stop()
            account = new_account(first)
            async with chatting(second.socket_url(account.access)) as far:
                # Wait until the check of newcomers is past.
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
        # Wait until the check of newcomers, which would find the first, is past.
        await asyncio.sleep(1)
        started = time.monotonic()
        ok(first.call("POST", "auth/logout", logged_out.access))
        code, closed_at = await closing(near)
        assert (code, closed_at - started < 2) == (4501, True)
        refused = await far.say(room, "may I still?")
        assert refused.get("code") == "unauthorized"
        # Changed by hand in the database, so that no hint is sent.
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
    """As `closing`, but waits longer than tests usually do."""
    for _ in range(4):
        try:
            return await closing(socket)
        except TimeoutError:
            continue
    raise AssertionError("It is still open.")
