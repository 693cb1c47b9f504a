"""Opening a socket: who gets in, with what, and what the others are told."""

import pytest

from tests.served import Deployment, Person, Process
from tests.sockets import opened


@pytest.fixture(scope="session")
def person(deployment: Deployment) -> Person:
    [person] = deployment.people(1)
    return person


async def test_hello_comes_first(process: Process, person: Person) -> None:
    async with opened(process.socket_url(person.token)) as socket:
        hello = await socket.expect("hello")
    assert hello["protocol"] == 1
    assert hello["user"]["username"] == person.username
    assert hello["limits"] == process.call("GET", "limits").json()


async def test_a_ticket_opens_one_socket(process: Process, person: Person) -> None:
    ticket = process.call("POST", "auth/ticket", person.token).json()["ticket"]
    async with opened(process.socket_url(ticket)) as socket:
        await socket.expect("hello")
    async with opened(process.socket_url(ticket)) as socket:
        bye, code = await socket.closed()
    assert code == 4500
    assert bye is not None
    assert bye["reason"] == "unauthorized"
