"""A request is out of memory when it is answered, without the garbage collector.

What refers to itself would be there until the collector runs, with its whole body.
"""

import gc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from api.views import limits, me

from .door import Door


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("view", [limits.LimitsView, me.MeView])
def test_nothing_of_an_answered_request_stays(
    view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[ref[object]] = []
    real = view.initialize_request

    def watched(self: Any, request: Any, *args: Any, **kwargs: Any) -> Request:
        made: Request = real(self, request, *args, **kwargs)
        left.extend([ref(self), ref(made), ref(request)])
        return made

    monkeypatch.setattr(view, "initialize_request", watched)
    response: Any = view.as_view()(RequestFactory().get("/"))
    assert response.is_rendered
    left.append(ref(response))
    del response
    assert [thing() for thing in left] == [None] * 4


def test_a_view_that_gets_answers_head_too() -> None:
    answer = Door().raw("HEAD", "limits")
    assert (answer.status, answer.content) == (200, b"")
