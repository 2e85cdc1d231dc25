"""The inspector in a real Chromium: keyboard, phone, darkness, countdown, and accessibility.

All of these are in one module: Playwright holds the thread's event loop as long as it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed; pip install '.[browser]'")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from flask_dj_session.auth import DjangoAuth
from flask_dj_session.auth.devices import Devices
from flask_dj_session.auth.passwords import PasswordHashers
from flask_dj_session.inspector import Inspector
from flask_dj_session.pytest_plugin import MakeDevice
from flask_dj_session.wire import SessionCodec

from ..conftest import MakeSite, Site
from ..docs.serving import course
from ..live_django import SECRET_KEY
from .browser import chromium, served
from .conftest import HOSTILE

pytestmark = pytest.mark.process

_DESKTOP: ViewportSize = {"width": 1280, "height": 860}
_PHONE: ViewportSize = {"width": 360, "height": 740}
_MODES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": _DESKTOP, "reduced_motion": "reduce"},
    "phone without scripts": {"viewport": _PHONE, "java_script_enabled": False},
}
_AXE = Axe().axe_script
#: in the dark only colours are others
_FIND = """(mode) => axe.run(mode === "dark" ? {runOnly: ["color-contrast"]} : {})
    .then((found) => found.violations)"""
_OWN = "000007".ljust(32, "x")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Return an app with the inspector and some sessions, among them hostile ones."""
    site = make_site(DEBUG=True)
    site.app.register_blueprint(Inspector())
    now = datetime.now(timezone.utc)
    data: list[dict[str, Any]] = [
        {"num_visits": 3},
        {"_auth_user_id": "7", "_auth_user_backend": "django.contrib.auth.backends.ModelBackend"},
        {"_auth_user_id": HOSTILE, HOSTILE: HOSTILE * 50},
        {"cart": [{"title": f"Book {number}", "price": number} for number in range(99)]},
    ]
    with site.app.app_context():
        for number in range(40):
            key = SECRET_KEY if number % 9 else "nobody's"
            row = site.sessions.model(
                session_key=f"{number:06}".ljust(32, "x"),
                session_data=SessionCodec(key).encode(data[number % 4], now),
                expire_date=now + timedelta(days=number - 5, hours=1),
            )
            site.db.session.add(row)
        site.db.session.commit()
    return site


@pytest.fixture(scope="module")
def course_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the course's app, as ``make run`` serves it."""
    with course(tmp_path_factory.mktemp("course"), "--debug", "--no-reload") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def base(site: Site) -> Iterator[str]:
    """Return the address of the app."""
    with served(site.app) as address:
        yield address


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Return a new browser profile in a mode."""
    mode = getattr(request, "param", "desktop")
    context = browser.new_context(**_MODES[mode])
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, base: str) -> Page:
    """Return a tab of a visitor with a session, open at *your session*."""
    context.add_cookies([{"name": "sessionid", "value": _OWN, "url": base}])
    page = context.new_page()
    page.goto(f"{base}/sessions/")
    return page


def _tour(page: Page, base: str) -> Iterator[str]:
    """Open each of the pages, and yield what it is."""
    all_sessions = f"{base}/sessions/all"
    _add_another_cookie(page)
    yield _arrived(page, "Your session", "2 cookies with this name")
    page.context.clear_cookies(name="sessionid", path="/sessions/")
    page.reload()
    page.get_by_role("button", name="Count a visit").click()
    yield _arrived(page, "Your session", "It has")
    page.context.clear_cookies(name="sessionid")
    page.reload()
    yield _arrived(page, "Your session", "There is no cookie")
    page.goto(f"{all_sessions}?user=7&state=live")
    page.locator("tbody a").first.click()
    yield _arrived(page, "Session", "is logged in")
    page.get_by_role("link", name="Revoke…").click()
    yield _arrived(page, "Revoke session", "is logged out")
    page.get_by_role("button", name="Revoke it").click()
    yield _arrived(page, "All sessions", "The session is revoked.")
    page.goto(f"{all_sessions}?state=unreadable")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Show the data anyway").click()
    yield _arrived(page, "Session", "unverified")
    page.goto(f"{base}/sessions/one/nothing")
    yield _arrived(page, "Not Found", "There is no such session.")


def _add_another_cookie(page: Page) -> None:
    """Give the browser one more cookie of the session's name, with another path."""
    cookie = {"value": "another".ljust(32, "x"), "domain": "127.0.0.1", "path": "/sessions/"}
    cookies: list[Any] = [{"name": "sessionid", **cookie}]
    page.context.add_cookies(cookies)
    page.reload()


def _arrived(page: Page, heading: str, text: str) -> str:
    """Wait until a page is there, with its style sheet."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    expect(page.locator("main")).to_contain_text(text)
    page.wait_for_load_state()
    return f"{heading}: {text}"


def test_axe_finds_nothing_to_mend(page: Page, base: str) -> None:
    found = {}
    for name in _tour(page, base):
        for summary in page.locator("summary").all():
            summary.click()
        page.evaluate(_AXE)
        for mode in ("light", "dark", "phone"):
            _set_mode(page, mode)
            for violation in page.evaluate(_FIND, mode):
                found[name, mode, violation["id"]] = [one["html"] for one in violation["nodes"]]
        _set_mode(page, "light")
    assert found == {}


def _set_mode(page: Page, mode: str) -> None:
    page.set_viewport_size(_PHONE if mode == "phone" else _DESKTOP)
    page.emulate_media(color_scheme="dark" if mode == "dark" else "light")


@pytest.mark.parametrize("context", ["phone without scripts"], indirect=True)
def test_a_phone_without_scripts_shows_all_of_it(page: Page, base: str) -> None:
    wide = {
        name: _wide(page)
        for name in _tour(page, base)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth")
    }
    assert wide == {}
    expect(page.get_by_role("heading", level=1)).to_have_text("Not Found")


def _wide(page: Page) -> Any:
    """Tell what is wider than the window."""
    right = "one.getBoundingClientRect().right + scrollX > 361 && !one.closest('.scroll')"
    script = f"[...document.querySelectorAll('*')].filter(one => {right})"
    return page.evaluate(f"{script}.map(one => one.outerHTML.slice(0, 80))")


def test_the_table_of_sessions_fits_a_phone(page: Page, base: str) -> None:
    page.set_viewport_size({"width": 390, "height": 740})
    page.goto(f"{base}/sessions/all")
    table = page.get_by_role("region", name="Sessions, a table that may be wider")
    expect(table).to_contain_text("unreadable")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_blocked(page: Page, base: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    for _ in _tour(page, base):
        pass
    assert {url for url in asked if not url.startswith(f"{base}/sessions/")} == set()
    assert [text for text in said if "404" not in text] == []


def test_a_visit_changes_the_row_and_not_the_key(page: Page) -> None:
    page.get_by_role("button", name="Count a visit").click()
    table = page.get_by_role("table", name="The row before and after your visit")
    expect(table.get_by_role("row", name="session_key")).to_contain_text("stayed")
    expect(table.get_by_role("row", name="payload")).to_contain_text("changed")


def test_of_two_cookies_the_one_with_the_shorter_path_comes_last_and_counts(page: Page) -> None:
    _add_another_cookie(page)
    listed = page.locator(".notice.bad ol li")
    expect(listed).to_have_text(
        [
            re.compile(r"^anothe… names no row$"),
            re.compile(r"^000007… names a live row; this is the one that counts$"),
        ]
    )


def test_the_key_is_shown_when_it_is_asked_for(page: Page) -> None:
    expect(page.locator("body")).not_to_contain_text(_OWN)
    page.get_by_role("button", name="Show the whole key").click()
    expect(page.locator(".cookie")).to_contain_text(_OWN)
    assert _OWN not in page.url


def test_the_expiry_counts_down(page: Page) -> None:
    page.clock.install()
    page.reload()
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"2 days 00:59:\d\d"))
    page.clock.fast_forward(60 * 60 * 1000)
    expect(timer).to_have_text(re.compile(r"1 day 23:59:\d\d"))
    page.clock.fast_forward(2 * 24 * 60 * 60 * 1000)
    expect(timer).to_have_text("no time: it has expired")


def test_the_keyboard_leads_everywhere(page: Page) -> None:
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert reached == [
        "Skip to the content",
        "Your session",
        "All sessions",
        "Show the whole key",
        "Who is logged in, and how to end it",
        "Show all of it",
        "Count a visit",
    ]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_start_page_of_the_course_leads_here_and_back(
    context: BrowserContext, course_address: str
) -> None:
    page = context.new_page()
    page.goto(f"{course_address}/session/sessfun")
    page.goto(f"{course_address}/")
    page.evaluate(_AXE)
    for mode in ("light", "dark", "phone"):
        _set_mode(page, mode)
        assert page.evaluate(_FIND, mode) == []
    page.get_by_role("link", name="See your row").click()
    expect(page.locator("pre")).to_contain_text('"num_visits": 1')
    page.get_by_role("link", name="The lesson").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cookies and sessions")


@pytest.mark.parametrize("path", ["session/cookie", "session/sessfun", "shop/", "shop/login"])
def test_each_page_of_the_course_fits_a_phone_and_leads_back(
    context: BrowserContext, course_address: str, path: str
) -> None:
    page = context.new_page()
    page.goto(f"{course_address}/shop/")
    with page.expect_navigation():  # which the next one would cut off
        page.get_by_role("button", name="Add tea to the cart").click()
    page.goto(f"{course_address}/{path}")
    page.evaluate(_AXE)
    for mode in ("light", "dark", "phone"):
        _set_mode(page, mode)
        assert page.evaluate(_FIND, mode) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.get_by_role("navigation").get_by_role("link", name="Cookie, counter, row").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cookies and sessions")


def test_a_page_of_another_site_cannot_count(context: BrowserContext, base: str) -> None:
    page = context.new_page()
    page.goto(f"{base}/sessions/")
    form = f'<form method="post" action="{base}/sessions/count"><button>Win</button></form>'
    page.route(
        "http://other.localhost/", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    page.goto("http://other.localhost/")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bad Request")


@pytest.fixture
def devices(make_site: MakeSite) -> Iterator[tuple[str, str]]:
    """Return the address of an app with the page of a user's sessions, and the key of one."""
    site = make_site(SESSION_SUDO_AGE=900)
    auth = DjangoAuth(site.sessions, hashers=PasswordHashers(iterations=1))
    site.app.register_blueprint(Devices())
    make = MakeDevice(site.app)
    with site.app.app_context():
        auth.create_tables()
        ann = auth.create_user("ann", password="correct horse")
    own, *_ = [
        make(ann, address="192.0.2.0/24", user_agent=agent)
        for agent in ("Firefox on Linux", "Safari on iPhone", HOSTILE * 2)
    ]
    cookie = own.get_cookie("sessionid")
    assert cookie is not None
    with served(site.app) as address:
        yield f"{address}/account/sessions", str(cookie.value)


@pytest.mark.parametrize("context", ["desktop", "phone without scripts"], indirect=True)
def test_a_user_ends_another_session_and_gives_the_password_for_it(
    context: BrowserContext, devices: tuple[str, str]
) -> None:
    address, key = devices
    context.add_cookies([{"name": "sessionid", "value": key, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/")
    expect(page.get_by_role("heading", level=2)).to_have_count(3)
    _check_devices(page)
    page.get_by_role("listitem").filter(has_text="Safari").get_by_role("button").click()
    expect(page.get_by_label("Password")).to_be_visible()
    _check_devices(page)
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("alert")).to_have_text("The password is not right.")
    _check_devices(page)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("status")).to_contain_text("The session has ended.")
    expect(page.get_by_role("heading", level=2)).to_have_count(2)


def _check_devices(page: Page) -> None:
    """Hold that a page fits a phone, and that axe finds nothing, where there are scripts."""
    page.wait_for_load_state()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    if page.evaluate("innerWidth") < 400:
        return
    page.evaluate(_AXE)
    for mode in ("light", "dark", "phone"):
        _set_mode(page, mode)
        assert page.evaluate(_FIND, mode) == []
    _set_mode(page, "light")
