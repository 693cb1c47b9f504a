"""Every page works in a real browser, and nothing in it breaks its policy."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.served import Process

Open = Callable[[str], Page]
# ReDoc asks for its maker's logo; the policy refuses, or the maker would learn of us.
_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
_ELSEWHERE = "https://evil.example/x.png"
# This listens before the page's own scripts run, because no event comes again later.
_LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", event =>
    window.refused.push(event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture
def open_page(browser: Browser, hubbub: Process) -> Iterator[Open]:
    context = browser.new_context()
    context.add_init_script(_LISTEN)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            problems.append(f"{message.text} {message.location['url']}")
            if message.type == "error"
            else None
        ),
    )

    def visit(path: str) -> Page:
        page.goto(hubbub.url + path)
        return page

    yield visit
    context.close()
    expected = (_LOGO, _ELSEWHERE)
    assert [p for p in problems if not any(url in p for url in expected)] == []


def _refused(page: Page) -> list[str]:
    return list(page.evaluate("window.refused"))


def test_a_forbidden_picture_is_refused_and_seen_by_this_test(open_page: Open) -> None:
    """The other tests find no violation. This one shows that they would see one."""
    page = open_page("/")
    page.evaluate(
        """url => new Promise(seen => {
            document.addEventListener("securitypolicyviolation", seen);
            new Image().src = url;
        }).then(() => null)""",
        _ELSEWHERE,
    )
    assert _refused(page) == [f"img-src {_ELSEWHERE}"]


def test_page(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("alice-likes-hubbub")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="general").click()
    expect(page.get_by_text("Good morning!")).to_be_visible()
    assert _refused(page) == []


def test_swagger(open_page: Open) -> None:
    page = open_page("/api/docs")
    page.get_by_text("/api/v1/limits", exact=False).first.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    answer = page.locator(".live-responses-table tbody .response-col_status")
    expect(answer).to_contain_text("200")
    assert _refused(page) == []


def test_redoc(open_page: Open) -> None:
    page = open_page("/api/redoc")
    page.get_by_placeholder("Search...").fill("ticket")
    expect(page.locator("[data-role='search:results'] li").first).to_be_visible()
    # The page has its style.
    assert page.locator(".menu-content").evaluate("e => getComputedStyle(e).position")
    assert _refused(page) == [f"img-src {_LOGO}"]


def test_admin(open_page: Open) -> None:
    page = open_page("/admin/")
    assert page.url.endswith("/admin/login/?next=/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill("root-likes-hubbub")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Site administration")).to_be_visible()
    assert _refused(page) == []
    for path in ("accounts/user/", "chat/room/", "chat/message/"):
        page = open_page(f"/admin/{path}")
        page.locator("#result_list tbody a").first.click()
        expect(page.locator("#content form").first).to_be_visible()
        assert _refused(page) == []
