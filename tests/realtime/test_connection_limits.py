"""The limits on open sockets, by person and by network address."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.served import Deployment, ServerName
from tests.sockets import Socket, chatting, opened

from .conftest import NewDeployment, Two

SERVERS: list[ServerName] = ["uvicorn", "daphne"]


async def test_the_oldest_connection_of_a_person_makes_room(
    limited_two: Two, limited: Deployment
) -> None:
    """Both when the new one is in the same process and when it is in the other."""
    [_, _, person] = limited.people(3)
    async with AsyncExitStack() as stack:
        sockets = []
        for number in range(10):
            url = limited_two[number % 2].socket_url(person.token)
            sockets.append(await stack.enter_async_context(chatting(url)))
            await asyncio.sleep(0.01)
        for number in range(2):
            url = limited_two[number % 2].socket_url(person.token)
            await stack.enter_async_context(chatting(url))
            bye, code = await sockets[number].closed()
            assert code == 4504
            assert bye is not None
            assert (bye["reason"], bye["reconnect"]) == ("too_many_connections", False)
        for socket in sockets[2:]:
            assert "server_time" in await socket.ask(type="ping")


@pytest.mark.parametrize("server", SERVERS)
async def test_an_address_with_too_many_sockets_is_refused_another(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server, RATE_LIMITS="on", LIMIT_CONNECTIONS_PER_ADDRESS="2")
    [person] = deployment.people(1)
    with deployment.serving() as process:
        url = process.socket_url(person.token)
        async with chatting(url), chatting(url):
            async with opened(url) as third:
                bye, code = await third.closed()
            assert code == 4004
            assert bye is not None
            assert bye["retry_after"] > 0
        await asyncio.sleep(0.5)
        async with chatting(url):
            pass


async def test_a_56_opens_four_times_as_many_sockets_as_a_64(
    embedded: NewDeployment,
) -> None:
    deployment = embedded(
        RATE_LIMITS="on",
        TRUSTED_PROXIES="127.0.0.1",
        LIMIT_CONNECTIONS_PER_ADDRESS="1",
    )
    [person] = deployment.people(1)
    with deployment.serving() as process:
        url = process.socket_url(person.token)
        async with AsyncExitStack() as stack:
            opening: list[Socket] = []
            for home in (0, 0, 1, 2, 3, 4, 0x100):
                headers = {"X-Forwarded-For": f"2001:db8:0:{home:x}::1"}
                socket = opened(url, additional_headers=headers)
                opening.append(await stack.enter_async_context(socket))
            first = [await socket.receive() for socket in opening]
    kinds = [frame["type"] for frame in first]
    assert kinds == ["hello", "bye", "hello", "hello", "hello", "bye", "hello"]


@pytest.mark.parametrize("server", SERVERS)
async def test_an_address_that_opens_sockets_too_fast_is_refused(
    embedded: NewDeployment, server: ServerName
) -> None:
    """A header that anybody can write does not make it another address."""
    deployment = embedded(
        server,
        RATE_LIMITS="on",
        LIMIT_CONNECTS_PER_SECOND="0.01",
        LIMIT_CONNECTS_BURST="2",
    )
    [person] = deployment.people(1)
    with deployment.serving() as process:
        url = process.socket_url(person.token)
        for _ in range(2):
            async with chatting(url):
                pass
        forged = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7"}
        async with opened(url, additional_headers=forged) as socket:
            bye, code = await socket.closed()
    assert code == 4004
    assert bye is not None
    assert 90 < bye["retry_after"] <= 100


@pytest.mark.parametrize("server", SERVERS)
async def test_a_trusted_proxy_names_the_client(
    embedded: NewDeployment, server: ServerName
) -> None:
    """The last address that is no proxy counts, not one that the client wrote."""
    deployment = embedded(
        server,
        RATE_LIMITS="on",
        TRUSTED_PROXIES="127.0.0.1",
        LIMIT_LOGINS_PER_MINUTE="0.1",
        LIMIT_LOGINS_BURST="1",
        LIMIT_FAILED_LOGINS_BURST="100",
        LIMIT_CONNECTS_PER_SECOND="0.01",
        LIMIT_CONNECTS_BURST="1",
    )
    [person] = deployment.people(1)
    with deployment.serving() as process:
        assert process.log_in_from("192.0.2.1") == 401
        assert process.log_in_from("192.0.2.1") == 429
        assert process.log_in_from("198.51.100.1, 192.0.2.1") == 429
        assert process.log_in_from("192.0.2.2") == 401
        assert process.log_in_from("2001:db8::1") == 401
        assert process.log_in_from("2001:db8::2") == 429
        # Four /64 networks of its /56 may log in, and no more.
        found = [process.log_in_from(f"2001:db8:0:{n:x}::1") for n in range(1, 9)]
        assert found == [401] * 3 + [429] * 5
        url = process.socket_url(person.token)
        for address, code in (("192.0.2.1", None), ("1.1.1.1, 192.0.2.1", 4004)):
            headers = {"X-Forwarded-For": address}
            async with opened(url, additional_headers=headers) as socket:
                if code is None:
                    await socket.expect("hello")
                else:
                    assert (await socket.closed())[1] == code
