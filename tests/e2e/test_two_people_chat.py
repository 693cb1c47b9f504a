"""Two people, two browser contexts, one room: each sees what the other writes."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.served import Process

LogIn = Callable[[str], Page]


@pytest.fixture
def log_in(browser: Browser, hubbub: Process) -> Iterator[LogIn]:
    """Open a page of its own for a person who logs in. It may not raise any error."""
    contexts = []
    problems: list[str] = []

    def enter(name: str) -> Page:
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(hubbub.url)
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(f"{name}-likes-hubbub")
        page.get_by_role("button", name="Log in").click()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert problems == []


def _open(page: Page, room: str) -> None:
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name=room).click()


def _say(page: Page, room: str, text: str) -> None:
    composer = page.get_by_label(f"Message #{room}")
    composer.fill(text)
    composer.press("Enter")


def test_alice_and_bob_see_each_others_messages(log_in: LogIn) -> None:
    alice, bob = log_in("alice"), log_in("bob")
    _open(alice, "general")
    _open(bob, "general")
    _say(alice, "general", "Hello Bob, this is Alice")
    expect(bob.get_by_text("Hello Bob, this is Alice")).to_be_visible()
    _say(bob, "general", "Hello Alice, I can see you")
    expect(alice.get_by_text("Hello Alice, I can see you")).to_be_visible()
    for page in (alice, bob):
        expect(page.get_by_text("Hello Bob, this is Alice")).to_have_count(1)


def test_bob_sees_the_staff_room_and_alice_does_not(log_in: LogIn) -> None:
    alice, bob = log_in("alice"), log_in("bob")
    expect(bob.get_by_role("link", name="staff")).to_be_visible()
    expect(alice.get_by_role("link", name="general")).to_be_visible()
    expect(alice.get_by_role("link", name="staff")).to_have_count(0)


def test_a_message_that_alice_writes_offline_arrives_once(log_in: LogIn) -> None:
    alice, bob = log_in("alice"), log_in("bob")
    _open(alice, "general")
    _open(bob, "general")
    expect(alice.get_by_text("Good morning!")).to_be_visible()
    alice.context.set_offline(True)
    _say(alice, "general", "Written in a tunnel")
    expect(alice.get_by_text("Sending")).to_be_visible()
    expect(bob.get_by_text("Written in a tunnel")).to_have_count(0)
    alice.context.set_offline(False)
    expect(bob.get_by_text("Written in a tunnel")).to_be_visible(timeout=20_000)
    expect(bob.get_by_text("Written in a tunnel")).to_have_count(1)
    expect(alice.get_by_text("Written in a tunnel")).to_have_count(1)


def test_text_is_never_html(log_in: LogIn) -> None:
    alice, bob = log_in("alice"), log_in("bob")
    _open(alice, "general")
    _open(bob, "general")
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>1</script>"
    _say(alice, "general", hostile)
    expect(bob.get_by_text(hostile)).to_be_visible()
    assert bob.title() != "owned"
