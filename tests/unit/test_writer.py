"""The writer's batches, with a database that is held up."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from chat.log.draft import Draft
from core.errors import Forbidden, Refusal, Unavailable
from realtime import writer
from realtime.writer import Writer


class Log:
    """Refuses each draft, which needs no database, once it is open."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.batches: list[list[Any]] = []
        self.fails = False

    def append(self, drafts: Sequence[Draft]) -> list[Refusal]:
        self.batches.append(list(drafts))
        assert self.is_open.wait(10)
        # As a transaction does: meanwhile others submit more.
        time.sleep(0.01)
        if self.fails:
            raise ValueError
        return [Forbidden() for _ in drafts]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    log = Log()
    monkeypatch.setattr(writer, "append", log.append)
    yield log
    log.is_open.set()


def draft(number: int) -> Draft:
    return cast(Draft, number)


def submit(to: Writer, *numbers: int) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(to.submit(draft(number))) for number in numbers]


async def test_drafts_that_wait_while_a_batch_is_written_share_the_next(
    log: Log,
) -> None:
    writer = Writer()
    submitted = submit(writer, 1)
    await asyncio.sleep(0.05)
    submitted += submit(writer, 2, 3)
    await asyncio.sleep(0.05)
    log.is_open.set()
    outcomes = await asyncio.gather(*submitted, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Forbidden] * 3
    assert log.batches == [[1], [2, 3]]


async def test_a_flush_waits_for_all_drafts_before_it_and_for_none_after(
    log: Log,
) -> None:
    writer = Writer()
    submitted = submit(writer, 1)
    await asyncio.sleep(0.05)
    submitted += submit(writer, 2)
    await asyncio.sleep(0)
    flushing = asyncio.create_task(writer.flush())

    async def submit_for_ever() -> None:
        while True:
            submitted.extend(submit(writer, 3))
            await asyncio.sleep(0.001)

    await asyncio.sleep(0)
    submitting = asyncio.create_task(submit_for_ever())
    await asyncio.sleep(0.05)
    assert not flushing.done()
    log.is_open.set()
    async with asyncio.timeout(1):
        await flushing
    submitting.cancel()
    assert all(one.done() for one in submitted[:2])
    await asyncio.gather(*submitted, return_exceptions=True)


async def test_when_a_batch_fails_each_draft_may_be_sent_again(log: Log) -> None:
    log.fails = True
    log.is_open.set()
    writer = Writer()
    outcomes = await asyncio.gather(*submit(writer, 1, 2), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    log.fails = False
    with pytest.raises(Forbidden):
        await writer.submit(draft(3))
