"""A server whose PUBLIC_URL says https, behind a proxy that ends TLS or does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.served import Deployment, Person, Process
from tests.sockets import opened

PUBLIC = "https://chat.example.com"
TLS = {"X-Forwarded-Proto": "https"}
OVER_TLS = {**TLS, "Host": "chat.example.com"}


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    directory = tmp_path_factory.mktemp(f"tls-{request.param}")
    deployment = Deployment(directory, request.param)
    deployment.migrate()
    return deployment


@pytest.fixture(scope="module")
def person(deployment: Deployment) -> Person:
    [person] = deployment.people(1)
    # The command that makes people with known tokens works with DEBUG alone.
    deployment.settings |= {
        "DEBUG": "off",
        "PUBLIC_URL": PUBLIC,
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    return person


@pytest.fixture(scope="module")
def server(deployment: Deployment, person: Person) -> Iterator[Process]:
    """A server that trusts this machine as its proxy."""
    deployment.settings["TRUSTED_PROXIES"] = "127.0.0.1"
    with deployment.serving() as process:
        yield process


@pytest.fixture(scope="module")
def alone(deployment: Deployment, server: Process) -> Iterator[Process]:
    """A server that trusts no proxy."""
    deployment.settings["TRUSTED_PROXIES"] = "192.0.2.1"
    with deployment.serving() as process:
        yield process


def get(
    process: Process, path: str, headers: dict[str, str] | None = None
) -> requests.Response:
    return requests.get(
        process.url + path, headers=headers, allow_redirects=False, timeout=10
    )


def test_a_request_without_tls_is_redirected_to_the_public_address(
    server: Process,
) -> None:
    for host in ("chat.example.com", "chat.example.com:8080", "127.0.0.1"):
        answer = get(server, "/api/docs?x=1", {"Host": host})
        assert answer.status_code == 301
        assert answer.headers["Location"] == f"{PUBLIC}/api/docs?x=1"
        assert "Strict-Transport-Security" not in answer.headers


def test_a_request_over_tls_is_answered_with_hsts(server: Process) -> None:
    for path in ("/api/v1/limits", "/api/docs", "/admin/login/"):
        answer = get(server, path, OVER_TLS)
        assert answer.status_code == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_health_check_is_answered_without_tls(server: Process) -> None:
    assert get(server, "/healthz").status_code == 200
    assert get(server, "/readyz").status_code == 200


def test_the_admins_cookies_are_for_this_host_over_tls_alone(server: Process) -> None:
    answer = get(server, "/admin/login/", OVER_TLS)
    [cookie] = answer.headers["Set-Cookie"].split("\n")
    name, _, _ = cookie.partition("=")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert name == "__Host-csrftoken"
    assert {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"} <= attributes
    assert not [part for part in attributes if part.startswith("Domain")]


def test_a_client_that_is_no_proxy_cannot_claim_tls(alone: Process) -> None:
    assert get(alone, "/api/v1/limits", OVER_TLS).status_code == 301


@pytest.mark.parametrize("host", ["evil.example", "chat.example.com.evil.example", ""])
def test_a_request_for_a_foreign_host_is_refused(server: Process, host: str) -> None:
    forged = {**OVER_TLS, "Host": host, "X-Forwarded-Host": "chat.example.com"}
    assert get(server, "/api/v1/limits", forged).status_code == 400


async def test_a_socket_over_tls_gets_in(server: Process, person: Person) -> None:
    own = Origin(f"https://127.0.0.1:{server.port}")
    for origin in (None, own):
        async with opened(
            server.socket_url(person.token), origin=origin, additional_headers=TLS
        ) as socket:
            await socket.expect("hello")


async def refused(process: Process, person: Person, **options: Any) -> None:
    with pytest.raises(InvalidStatus) as error:
        async with opened(process.socket_url(person.token), **options):
            pass
    assert error.value.response.status_code == 403


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("http", "192.0.2.1"),
        ("ws", "192.0.2.2"),
        ("https, http", "192.0.2.3"),
        ("", "192.0.2.4"),
    ],
)
async def test_a_socket_without_tls_is_refused(
    server: Process, person: Person, said: str, address: str
) -> None:
    """The log has the client's address, not the proxy's."""
    headers = {"X-Forwarded-Proto": said, "X-Forwarded-For": address}
    await refused(server, person, additional_headers=headers)
    lines = server.log.read_text().splitlines()
    assert (
        len([n for n in lines if n.endswith(f"unencrypted.refused address={address}")])
        == 1
    )


async def test_a_socket_that_comes_through_no_proxy_cannot_claim_tls(
    alone: Process, person: Person
) -> None:
    await refused(alone, person, additional_headers=TLS)


async def test_a_page_without_tls_may_not_open_a_socket(
    server: Process, person: Person
) -> None:
    origin = Origin(f"http://127.0.0.1:{server.port}")
    await refused(server, person, origin=origin, additional_headers=TLS)
