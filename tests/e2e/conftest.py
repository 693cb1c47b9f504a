"""A served Hubbub with its first people, and a browser to look at it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.served import ROOT, Deployment, Process
from tests.services import chromium


@pytest.fixture(scope="session")
def hubbub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Hubbub as `make run` starts it, with alice, bob and two rooms, and with root."""
    built = ROOT / "frontend" / "apps" / "web" / "dist" / "index.html"
    assert built.exists(), "The page is not built: run scripts/build-page first."
    settings = {"DJANGO_SUPERUSER_PASSWORD": "root-likes-hubbub"}
    deployment = Deployment(tmp_path_factory.mktemp("e2e"), settings=settings)
    deployment.migrate()
    deployment.manage("first_run")
    names = ("--username=root", "--display_name=Root")
    deployment.manage("createsuperuser", "--noinput", *names)
    with deployment.serving() as process:
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a file: while Playwright runs, no other event loop can run here."""
    path, arguments = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
