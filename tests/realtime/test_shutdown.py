"""On SIGTERM a server says `bye` to all, commits what waits, and ends."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.pictures import picture
from tests.served import Process, ServerName
from tests.sockets import chatting

from .conftest import NewDeployment

SENT = 40


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_server_that_is_told_to_stop_says_bye_and_loses_nothing(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server)
    people = deployment.people(2)
    with deployment.serving() as process:
        async with (
            chatting(process.socket_url(people[0].token)) as writer,
            chatting(process.socket_url(people[1].token)) as reader,
        ):
            await reader.subscribe(people[0].room)
            for number in range(SENT):
                await writer.send(
                    type="message.send",
                    room=people[0].room,
                    client_id=f"k{number}",
                    body=str(number),
                )
            await writer.expect("reply")
            ended = asyncio.to_thread(process.terminate)
            byes, seconds = await asyncio.gather(
                asyncio.gather(writer.closed(), reader.closed()), ended
            )
    for bye, code in byes:
        assert code == 4000
        assert bye is not None
        assert (bye["reason"], bye["reconnect"]) == ("shutting_down", True)
    assert seconds < 10
    acknowledged = 1 + len([f for f in writer.kept if f["type"] == "reply"])
    with deployment.serving() as process:
        path = f"rooms/{people[0].room}/messages?limit=100"
        stored = process.call("GET", path, people[0].token).json()["messages"]
    assert [m["body"] for m in stored] == [str(i) for i in range(len(stored))]
    assert acknowledged <= len(stored)


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_a_server_that_is_told_to_stop_does_not_wait_for_a_picture(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server)
    [person] = deployment.people(1)
    path, large = f"rooms/{person.room}/attachments", picture("WEBP", (3_000, 3_000))
    with deployment.serving() as process, ThreadPoolExecutor(1) as pool:
        upload = pool.submit(process.upload, path, person.token, "a.webp", large)
        decoder = decoder_of(process)
        # A suspended decoder takes longer than any picture may.
        decoder.suspend()
        assert process.terminate() < 10
        assert not decoder.is_running() or decoder.status() == psutil.STATUS_ZOMBIE
        assert isinstance(upload.exception(), requests.ConnectionError)


def decoder_of(process: Process) -> psutil.Process:
    server, deadline = psutil.Process(process.popen.pid), time.monotonic() + 10
    while time.monotonic() < deadline:
        # One process forks, one watches, one decodes; the last has limits at once.
        children = server.children(recursive=True)
        if len(children) == 3 and children[2].rlimit(psutil.RLIMIT_CORE) == (0, 0):
            return children[2]
        time.sleep(0.01)
    raise AssertionError("no decoder was started")
