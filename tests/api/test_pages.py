"""The pages beside the API: they work without the internet, and for nobody in mind."""

import re
from collections.abc import Iterator

import pytest
import yaml
from django.conf import settings
from django.db import DatabaseError
from django.test import Client

PAGES = ["/api/docs", "/api/redoc"]
RESOURCE = re.compile(r"<(?:script|link|img)\b[^>]*?(?:src|href)=[\"']([^\"']+)[\"']")


def html(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    return response.content.decode()


def resources(client: Client, path: str) -> Iterator[str]:
    yield from RESOURCE.findall(html(client, path))


@pytest.mark.parametrize("path", PAGES)
def test_page_names_no_other_server(client: Client, path: str) -> None:
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<]*", html(client, path)) == []


@pytest.mark.parametrize("path", PAGES)
def test_scripts_and_styles_of_a_page_are_served(client: Client, path: str) -> None:
    local = [url for url in resources(client, path) if url.startswith("/")]
    assert any(url.endswith(".js") for url in local)
    for url in local:
        response = client.get(url)
        assert response.status_code == 200, url
        assert len(response.getvalue()) > 100


def test_pages_show_our_description(client: Client) -> None:
    assert "/api/openapi.yaml" in html(client, "/api/redoc")
    # A file of its own: the page's policy runs no script that is in the page.
    [script] = [url for url in resources(client, "/api/docs") if "script" in url]
    assert "/api/openapi.yaml" in client.get(script).content.decode()


def test_served_description_is_the_committed_one(client: Client) -> None:
    served = client.get("/api/openapi.yaml")
    assert served.status_code == 200
    committed = (settings.BASE_DIR / "openapi.yaml").read_text()
    assert yaml.safe_load(served.content) == yaml.safe_load(committed)


@pytest.mark.parametrize("path", [*PAGES, "/api/openapi.yaml", "/healthz", "/"])
def test_page_needs_no_database(client: Client, path: str) -> None:
    """pytest-django forbids the database to a test that does not ask for it."""
    assert client.get(path).status_code == 200


def test_healthz(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readyz_asks_the_database(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readyz_without_a_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def cursor(self) -> None:
            raise DatabaseError("gone")

    monkeypatch.setattr("backend.health.connection", Gone())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")


def test_page_of_a_foreign_origin_may_not_read(client: Client) -> None:
    response = client.get("/api/v1/limits", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in response


def test_page_of_an_allowed_origin_may(client: Client) -> None:
    [origin] = settings.ALLOWED_ORIGINS
    response = client.get("/api/v1/limits", headers={"Origin": origin})
    assert response["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in response


def test_allowed_origin_may_send_a_token(client: Client) -> None:
    [origin] = settings.ALLOWED_ORIGINS
    response = client.options(
        "/api/v1/me",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert response.status_code == 200
    assert "authorization" in response["Access-Control-Allow-Headers"]
    assert "PATCH" in response["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ["/api/v1/limits", "/api/docs", "/healthz"])
def test_answers_are_not_sniffed_or_framed(client: Client, path: str) -> None:
    response = client.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "no-referrer"
