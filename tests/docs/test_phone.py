"""The documentation as a site fits a phone and a desk; ``make docs`` builds it, and runs this."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed; pip install '.[browser]'")

from playwright.sync_api import Browser

from ..inspector.browser import chromium
from .conftest import SITE

pytestmark = pytest.mark.process

#: what reaches past the right edge of the window, and cannot be scrolled inside its own box
_TOO_WIDE = """() => document.documentElement.scrollWidth > innerWidth
    ? [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 60)}`).slice(0, 3)
    : []"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium."""
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(browser: Browser, width: int) -> None:
    pages = sorted(SITE.rglob("*.html"))
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    found = {}
    for path in pages:
        page.goto(path.as_uri())
        if wide := page.evaluate(_TOO_WIDE):
            found[path.relative_to(SITE).as_posix()] = wide
    context.close()
    assert len(pages) > 30
    assert not found
