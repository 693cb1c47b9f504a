"""The table of policies, as a browser is told of it. tests/e2e shows that it works."""

import pytest
from django.conf import settings
from django.http.response import ResponseHeaders
from django.test import Client

from backend.headers import policy_of

PAGES = ["/", "/admin/login/", "/api/docs", "/api/redoc"]
DATA = [
    "/api/v1/limits",
    "/api/v1/me",
    "/api/v1/nonsense",
    "/api/docs/nonsense",
    "/api/openapi.yaml",
    "/healthz",
    "/nonsense",
    "/static/admin/css/base.css",
    "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
]


def told(client: Client, path: str) -> ResponseHeaders:
    response = client.get(path)
    # A static file is closed when it is read.
    response.getvalue()
    return response.headers


def csp(client: Client, path: str) -> dict[str, list[str]]:
    directives = told(client, path)["Content-Security-Policy"].split("; ")
    words = [directive.split() for directive in directives]
    assert len({name for name, *_ in words}) == len(words)
    return {name: values for name, *values in words}


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_every_answer_forbids_what_no_address_needs(client: Client, path: str) -> None:
    response = told(client, path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response
    # HSTS would lock people out of a server without TLS.
    assert "Strict-Transport-Security" not in response
    for name in ("default-src", "base-uri", "frame-ancestors"):
        assert csp(client, path)[name] == ["'none'"]


@pytest.mark.parametrize("path", PAGES)
def test_scripts_come_from_here_alone(client: Client, path: str) -> None:
    policy = csp(client, path)
    assert policy["script-src"] == policy["connect-src"] == ["'self'"]


def test_redoc_alone_writes_styles_into_its_page(client: Client) -> None:
    loose = [path for path in PAGES if csp(client, path)["style-src"] != ["'self'"]]
    assert loose == ["/api/redoc"]


@pytest.mark.parametrize("path", DATA)
def test_data_is_no_page(client: Client, path: str) -> None:
    policy = csp(client, path)
    assert policy["sandbox"] == []
    assert not {name for name in policy if name.endswith("-src")} - {"default-src"}


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_addresses_are_told_to_nobody(client: Client, path: str) -> None:
    """The admin's to itself: without them its forms have no Origin, and are refused."""
    expected = "same-origin" if path.startswith("/admin/") else "no-referrer"
    assert told(client, path)["Referrer-Policy"] == expected


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/limits"])
def test_answers_of_the_api_are_not_kept(client: Client, path: str) -> None:
    assert client.get(path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["//", "/admin", "/x/admin/", "/api/docs/", "/api/docs\n", "/api/v1/attachments"],
)
def test_an_address_that_only_looks_like_one_of_the_table_is_data(path: str) -> None:
    assert policy_of(path) == policy_of("/api/v1/me")


def test_refused_preflight_says_nothing(client: Client) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:5173.evil.example",
    ):
        response = client.options(
            "/api/v1/me",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PATCH",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert not [n for n in response.headers if n.lower().startswith("access-")]


def test_no_preflight_for_the_admin(client: Client) -> None:
    [origin] = settings.ALLOWED_ORIGINS
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = client.options("/admin/login/", headers=headers)
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "Forwarded", "X-Host"])
def test_host_is_what_the_host_header_says(client: Client, name: str) -> None:
    headers = {"Host": "evil.example", name: "localhost"}
    assert client.get("/api/v1/limits", headers=headers).status_code == 400
    headers = {"Host": "localhost", name: "evil.example"}
    response = client.get("/admin/", headers=headers)
    assert (response.status_code, response["Location"]) == (
        302,
        "/admin/login/?next=/admin/",
    )
