"""The hub closes the sockets of revoked sessions, also without a hint."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from accounts import tokens
from accounts.models import User
from accounts.tokens import Identity
from core import audit, threads
from core.bus import publisher
from core.bus.envelopes import EndSessions
from core.threads import in_database
from realtime.delivery.connection import Connection
from realtime.delivery.hub import Hub
from realtime.protocol.close_codes import CloseCode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    # Wait until the first check of sessions is past: the next one is far away.
    await asyncio.sleep(0.2)
    yield hub
    for task in hub._tasks:
        task.cancel()
    publisher.attach(None)


@pytest.fixture
def identity(alice: User) -> Identity:
    return tokens.verify_access(tokens.start_session(alice).access)


def connect(hub: Hub, identity: Identity) -> Connection:
    async def send(message: Any) -> None:
        pass

    connection = Connection(identity, send, cut=lambda: None)
    hub.add(connection)
    return connection


async def test_a_log_out_before_the_hub_knows_the_socket_closes_it(
    identity: Identity, hub: Hub
) -> None:
    actor = identity.actor
    await in_database(tokens.revoke, actor.user, actor.session_id or actor.id)
    connection = connect(hub, identity)
    await asyncio.sleep(0.8)
    assert connection.closed_with is CloseCode.SESSION_REVOKED


async def test_a_socket_that_comes_while_the_process_stops_is_told(
    identity: Identity, hub: Hub
) -> None:
    """Its handshake had begun before."""
    await hub.drain()
    assert connect(hub, identity).closed_with is CloseCode.SHUTTING_DOWN


async def test_each_second_sockets_are_looked_at_in_turns(
    identity: Identity, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that came together would ping, and answer, all at once."""
    looked: list[tuple[Connection, float]] = []
    monkeypatch.setattr(Connection, "check", lambda *look: looked.append(look))
    connections = {connect(hub, identity) for _ in range(20)}
    gone = connections.pop()
    # The turns of the second that had begun without them.
    await asyncio.sleep(1.2)
    hub.remove(gone)
    looked.clear()
    await asyncio.sleep(1.4)
    assert {connection for connection, _ in looked} == connections
    assert len({round(time, 2) for _, time in looked}) > len(connections) / 2


async def test_of_many_sockets_each_is_asked_about(
    alice: User, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are asked about in parts."""
    monkeypatch.setattr(threads, "PART", 2)
    connections = []
    for _ in range(5):
        session = await in_database(tokens.start_session, alice)
        found = await in_database(tokens.verify_access, session.access)
        connections.append(connect(hub, found))
    for gone in (connections[1], connections[4]):
        await in_database(tokens.revoke, alice, UUID(gone.session_id))
    await hub._checks.check_sessions()
    closed = [one.closed_with is not None for one in connections]
    assert closed == [False, True, False, False, True]


async def test_a_person_who_is_disabled_is_closed_as_such(
    identity: Identity, hub: Hub
) -> None:
    people = User.objects.filter(pk=identity.actor.user.pk)
    await in_database(people.update, is_active=False)
    connection = connect(hub, identity)
    await asyncio.sleep(0.8)
    assert connection.closed_with is CloseCode.ACCOUNT_DISABLED


async def test_a_late_hint_spares_the_sockets_of_the_new_password(
    identity: Identity, hub: Hub
) -> None:
    connection = connect(hub, identity)
    user, version = connection.user_id, identity.actor.user.token_version
    hub._dispatch(EndSessions(user, None, version))
    hub._dispatch(EndSessions(user, "another session", version + 1))
    await asyncio.sleep(0.8)
    assert connection.closed_with is None
    hub._dispatch(EndSessions(user, None, version + 1))
    assert connection.closed_with is CloseCode.SESSION_REVOKED


async def test_the_tasks_of_the_hub_log_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A socket with an address creates the hub, whose tasks work for everybody."""
    seen: list[str] = []

    async def probe() -> None:
        seen.append(audit._address.get())

    monkeypatch.setattr(publisher, "send_probe", probe)
    audit.set_client_address("192.0.2.7")
    hub = Hub()
    await asyncio.sleep(0.2)
    for task in hub._tasks:
        task.cancel()
    publisher.attach(None)
    assert set(seen) == {""}
