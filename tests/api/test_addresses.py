"""Addresses and methods that are not there, and errors that are nobody's fault."""

import logging

import pytest
from django.db import InterfaceError, OperationalError

from chat import queries

from .door import Door, check_refused
from .surface import METHODS, OPERATIONS, name

PATHS = sorted({operation.template for operation in OPERATIONS})
TAKEN = {(operation.method, operation.template) for operation in OPERATIONS}
NOT_TAKEN = [
    (method, path)
    for path in PATHS
    for method in METHODS
    if (method, path) not in TAKEN
]


@pytest.mark.parametrize(("method", "path"), NOT_TAKEN, ids=name)
def test_a_method_that_an_address_does_not_take_is_refused(
    as_alice: Door, method: str, path: str
) -> None:
    [operation, *_] = [o for o in OPERATIONS if o.template == path]
    answer = as_alice.send(method, operation.path(), {})
    check_refused(answer, 405, "method_not_allowed")
    allowed = {m.strip() for m in answer.headers["Allow"].split(",")}
    assert allowed - {"OPTIONS", "HEAD"} == {m for m, p in TAKEN if p == path}


@pytest.mark.parametrize("path", PATHS)
def test_options_do_not_fail(as_alice: Door, path: str) -> None:
    [operation, *_] = [o for o in OPERATIONS if o.template == path]
    assert as_alice.raw("OPTIONS", operation.path()).status == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "nonsense",
        "rooms/",
        "me/",
        "auth",
        "auth/login/",
        "rooms/a/b/c",
        "rooms//messages",
        "rooms/a/messages/first",
        "rooms/a/messages/-1",
        "rooms/a/messages/" + "9" * 5_000,
        "me/sessions/1",
        "%00",
        "%ff",
        "..%2f..%2fadmin",
    ],
)
def test_an_unknown_address_answers_in_json(
    anonymous: Door, method: str, path: str
) -> None:
    check_refused(anonymous.send(method, path), 404, "not_found")


@pytest.mark.parametrize("path", ["/nonsense", "/api", "/api/", "/api/v1", "/api/v1/"])
def test_unknown_address_outside_the_api(anonymous: Door, path: str) -> None:
    response = anonymous.client.get(path)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_database_that_is_gone_is_unavailable(
    as_alice: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (OperationalError("gone"), InterfaceError("gone")):
        monkeypatch.setattr(queries.rooms, "rooms_of", _raising(error))
        check_refused(as_alice.get("rooms"), 503, "unavailable")


def test_our_own_mistake_is_named_by_an_incident_and_says_nothing_else(
    as_alice: Door,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(
        queries.rooms, "rooms_of", _raising(KeyError("a secret detail"))
    )
    with caplog.at_level(logging.ERROR):
        answer = as_alice.get("rooms")
    check_refused(answer, 500, "internal")
    assert b"secret" not in answer.content
    [incident] = [r.args for r in caplog.records if r.name == "api.exceptions"]
    assert isinstance(incident, tuple)
    assert str(incident[0]) in answer.json()["detail"]


def _raising(error: Exception) -> object:
    def fail(*args: object) -> None:
        raise error

    return fail
