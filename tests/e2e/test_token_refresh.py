"""The page keeps its one socket over several tokens, without a reconnect."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from tests.served import Deployment


@pytest.mark.timeout(120)
def test_the_page_keeps_its_socket_when_tokens_expire(
    browser: Browser, tmp_path: Path
) -> None:
    deployment = Deployment(tmp_path, settings={"ACCESS_TOKEN_SECONDS": "4"})
    deployment.migrate()
    deployment.manage("first_run")
    opened: list[WebSocket] = []
    frames: list[str] = []

    def watch(socket: WebSocket) -> None:
        opened.append(socket)
        socket.on("framesent", lambda sent: frames.append(str(sent)))

    with deployment.serving() as process:
        context = browser.new_context()
        page = context.new_page()
        page.on("websocket", watch)
        page.goto(process.url)
        page.get_by_label("Username").fill("alice")
        page.get_by_label("Password").fill("alice-likes-hubbub")
        page.get_by_role("button", name="Log in").click()
        rooms = page.get_by_role("navigation", name="Rooms")
        rooms.get_by_role("link", name="general").click()
        page.wait_for_timeout(14_000)
        composer = page.get_by_label("Message #general")
        composer.fill("Still the same socket")
        composer.press("Enter")
        expect(page.get_by_text("Still the same socket")).to_be_visible()
        sockets = [socket for socket in opened if "/ws/v1" in socket.url]
        assert [socket.is_closed() for socket in sockets] == [False]
        refreshes = sum("auth.refresh" in frame for frame in frames)
        # The time of three tokens has passed, and the page refreshed seldom.
        assert 3 <= refreshes <= 12
        context.close()
