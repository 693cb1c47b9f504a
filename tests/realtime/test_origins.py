"""Which pages may open the socket: a list of exact origins, over a real handshake."""

from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.served import Deployment, Person, Process
from tests.sockets import opened

LISTED = "https://app.example.com:8443"


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def listed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    directory = tmp_path_factory.mktemp(f"origins-{request.param}")
    settings = {"ALLOWED_ORIGINS": f"{LISTED},https://plain.example.com"}
    deployment = Deployment(directory, request.param, settings=settings)
    deployment.migrate()
    return deployment


@pytest.fixture(scope="module")
def server(listed: Deployment) -> Iterator[Process]:
    with listed.serving() as process:
        yield process


@pytest.fixture(scope="module")
def person(listed: Deployment) -> Person:
    return listed.people(1)[0]


@pytest.mark.parametrize("origin", [LISTED, "https://plain.example.com", None])
async def test_listed_and_missing_origins_get_in(
    server: Process, person: Person, origin: str | None
) -> None:
    async with opened(server.socket_url(person.token), origin=origin) as socket:
        await socket.expect("hello")


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "file://",
        "https://app.example.com",
        "https://app.example.com:443",
        "https://app.example.com:8444",
        "http://app.example.com:8443",
        "http://plain.example.com",
        "https://plain.example.com.evil.example",
        "https://plain.example.com@evil.example",
        "https://evil.example/https://plain.example.com",
        "https://sub.plain.example.com",
        "https://plain.example.com.",
        "https://plain.example.com/",
        "https://PLAIN.example.com",
        "HTTPS://plain.example.com",
        "https://xn--plin-6na.example.com",
        "https://plain.example.com https://evil.example",
        "https://plain.example.com,https://evil.example",
        "*",
    ],
)
async def test_every_other_origin_is_refused(
    server: Process, person: Person, origin: str
) -> None:
    headers = {"Origin": origin}
    with pytest.raises(InvalidStatus) as refused:
        async with opened(server.socket_url(person.token), additional_headers=headers):
            pass
    # daphne itself refuses a header that is no origin at all, with 400.
    assert refused.value.response.status_code in {400, 403}


@pytest.mark.parametrize("second", ["https://evil.example", LISTED])
async def test_a_handshake_with_two_origins_is_refused(
    server: Process, person: Person, second: str
) -> None:
    headers = [("Origin", LISTED), ("Origin", second)]
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            server.socket_url(person.token), additional_headers=headers, proxy=None
        ):
            pass
    assert refused.value.response.status_code in {400, 403}


async def test_a_cookie_opens_nothing(server: Process, person: Person) -> None:
    headers = {"Cookie": f"sessionid=x; token={person.token}; access={person.token}"}
    async with opened(server.socket_url(), additional_headers=headers) as socket:
        assert (await socket.closed())[1] == 4500
