"""Questions that wait while a call runs share the next; a lone one is asked at once."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from core.errors import Forbidden, Refusal
from realtime.grouping import MAX_GROUP, Grouped


class Desk:
    """Answers a number with its double. It can be closed for a while."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_open.set()
        self.groups: list[list[int]] = []

    def answer(self, numbers: list[int]) -> Sequence[int | Refusal]:
        self.groups.append(numbers)
        assert self.is_open.wait(10)
        if -1 in numbers:
            raise ValueError
        if -2 in numbers:
            raise OperationalError
        return [Forbidden() if number == 0 else 2 * number for number in numbers]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def doubled(desk: Desk) -> Grouped[int, int]:
    return Grouped("admit", desk.answer)


async def ask_while_closed(
    desk: Desk, doubled: Grouped[int, int], numbers: Sequence[int]
) -> list[asyncio.Task[int]]:
    """Ask the first while the desk is open to nobody, and the others meanwhile."""
    desk.is_open.clear()
    asked = [asyncio.create_task(doubled.ask(number)) for number in numbers]
    while not desk.groups:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return asked


async def test_a_lone_question_waits_for_no_other(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    assert await doubled.ask(21) == 42
    assert await doubled.ask(22) == 44
    assert desk.groups == [[21], [22]]


async def test_questions_that_wait_while_a_call_runs_share_the_next_in_order(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [1])
    asked += [asyncio.create_task(doubled.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    desk.is_open.set()
    assert await asyncio.gather(*asked) == [2, 4, 6, 8]
    assert desk.groups == [[1], [2, 3, 4]]


async def test_in_a_crowd_the_next_call_waits_for_more_questions(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [1])
    asked.append(asyncio.create_task(doubled.ask(2)))
    await asyncio.sleep(0)
    desk.is_open.set()
    await asked[0]
    asked.append(asyncio.create_task(doubled.ask(3)))
    assert await asyncio.gather(*asked) == [2, 4, 6]
    assert desk.groups == [[1], [2, 3]]


async def test_a_refusal_is_for_the_one_who_asked(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [5, 0, 6])
    desk.is_open.set()
    first, refused, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, last) == (10, 12)
    assert isinstance(refused, Forbidden)


async def test_a_question_that_spoils_the_call_fails_alone(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [7, -1, 8])
    desk.is_open.set()
    first, failed, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, last) == (14, 16)
    assert isinstance(failed, ValueError)
    assert await doubled.ask(9) == 18


async def test_a_database_that_is_away_is_not_asked_for_each_alone(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [-2, 1, 2])
    desk.is_open.set()
    failed = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in failed] == [OperationalError] * 3
    assert desk.groups == [[-2, 1, 2]]


async def test_nobody_is_asked_for_who_has_gone_meanwhile(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    [first] = await ask_while_closed(desk, doubled, [1])
    gone, stays = (asyncio.create_task(doubled.ask(number)) for number in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    desk.is_open.set()
    assert [await first, await stays] == [2, 6]
    assert desk.groups == [[1], [3]]


async def test_a_group_has_a_largest_size(
    desk: Desk, doubled: Grouped[int, int]
) -> None:
    asked = await ask_while_closed(desk, doubled, [1])
    more = range(2, MAX_GROUP + 3)
    asked += [asyncio.create_task(doubled.ask(number)) for number in more]
    await asyncio.sleep(0)
    desk.is_open.set()
    assert await asyncio.gather(*asked) == [2, *(2 * number for number in more)]
    assert [len(group) for group in desk.groups] == [1, MAX_GROUP, 1]
