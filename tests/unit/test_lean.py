"""What a socket of uvicorn waits with: its inbox and its gate."""

import asyncio

import pytest

from realtime.server.lean import Gate, Inbox


async def test_messages_come_out_in_the_order_in_which_they_went_in() -> None:
    inbox: Inbox[int] = Inbox()
    assert inbox.empty()
    for number in (1, 2, 3):
        inbox.put_nowait(number)
    assert not inbox.empty()
    assert [await inbox.get() for _ in range(3)] == [1, 2, 3]
    assert inbox.empty()


async def test_a_reader_waits_for_a_message() -> None:
    inbox: Inbox[int] = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(1)
    inbox.put_nowait(2)
    assert await reading == 1
    assert await inbox.get() == 2


async def test_a_reader_that_is_cancelled_takes_no_message_with_it() -> None:
    inbox: Inbox[int] = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    inbox.put_nowait(2)
    assert [await inbox.get(), await inbox.get()] == [1, 2]


async def test_all_who_came_while_the_gate_was_closed_go_on_when_it_opens() -> None:
    gate = Gate()
    await gate.wait()
    gate.clear()
    gate.clear()
    waiting = [asyncio.create_task(gate.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    gate.set()
    gate.set()
    await asyncio.gather(*waiting)
    await gate.wait()
