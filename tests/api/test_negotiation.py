"""An answer is JSON, or it is refused when the client accepts no JSON."""

import pytest

from .door import Door, check_refused


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/json, text/plain, */*",
        "application/*",
        "text/html, */*;q=0.1",
        "application/json;indent=4",
    ],
)
def test_a_client_that_accepts_json_gets_it(accept: str) -> None:
    answer = Door().get("limits", HTTP_ACCEPT=accept)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/js"])
def test_a_client_that_accepts_something_else_is_refused(accept: str) -> None:
    answer = Door().get("limits", HTTP_ACCEPT=accept)
    check_refused(answer, 415, "unsupported_media_type")


def test_a_format_in_the_address_must_be_json_too() -> None:
    assert Door().get("limits?format=json").status == 200
    check_refused(Door().get("limits?format=xml"), 404, "not_found")
