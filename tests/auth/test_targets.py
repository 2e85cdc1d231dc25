"""Where a visitor may be sent: Django's answer to each address, and nowhere else in a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.http import url_has_allowed_host_and_scheme as djangos
from hypothesis import example, given
from hypothesis import strategies as st

from flask_dj_session.auth import url_has_allowed_host_and_scheme as ours

HERE = "shop.example:5000"
HOSTS: list[Any] = [None, set(), "", HERE, {HERE}, [HERE, "other.example"], (HERE,)]

HARMLESS = [
    "/",
    "/orders",
    "/orders?page=2#end",
    "/ž/ů",
    "orders",
    "?page=2",
    "#end",
    "./orders",
    "../",
    f"http://{HERE}/orders",
    f"https://{HERE}/orders",
    f"//{HERE}/orders",
    "/?to=http://evil.example/",
    "/@evil.example",
    "/http://evil.example",
    "  /orders  ",
    "/" + "x" * 2047,
]
#: which a browser takes for "///evil.example"
HIDDEN = ["/\\\t/evil.example", "//\t/evil.example", "/\n//evil.example", "\\/\r\\evil.example"]
NASTY: list[Any] = [
    "",
    " ",
    None,
    "http://evil.example",
    "https://evil.example/orders",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    "/\t\n\r/evil.example",
    "ht\ttp://evil.example",
    "http:\n//evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    *HIDDEN,
    "http:\\\\evil.example",
    "http:/\\evil.example",
    "http:/evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https:////evil.example",
    "http:",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>",
    "mailto:a@evil.example",
    "ftp://shop.example:5000/",
    "file:///etc/passwd",
    "\x00//evil.example",
    "\x08//evil.example",
    "\x1b//evil.example",
    "\x7f//evil.example",
    "\ufeff//evil.example",
    "\u200b//evil.example",
    "\u202e//evil.example",
    " //evil.example",
    "\xa0//evil.example",
    "\u3000//evil.example",
    "\x0b//evil.example",
    "\x1f//evil.example",
    f"http://{HERE}@evil.example",
    f"http://evil.example@{HERE}",
    f"http://{HERE}\\@evil.example",
    f"http://{HERE}:80@evil.example/",
    f"//{HERE}.evil.example",
    f"//evil.example#{HERE}",
    f"//evil.example?{HERE}",
    f"//evil.example\\{HERE}",
    "http://shop.example/",
    "http://shop.example:80/",
    "http://SHOP.EXAMPLE:5000/",
    "http://[::1",
    "http://[shop.example]:5000/",
    "http://2001:cdba:0:0:0:0:3257:9652]/",
    "//evil。example",
    "//ⓔvil.example",
    "http://shop。example:5000/",
    "/" + "x" * 2048,
    "//" + "x" * 3000,
    b"/orders",
    7,
]
TOKENS = st.sampled_from(
    [
        *("/", "//", "\\", ":", "@", "?", "#", "%2f", "%5c", ".", "..", ";", "[", "]", "::1"),
        *("\t", "\n", "\r", " ", "\x00", "\x1b", "\x7f", "\xa0", "\u3000", "\ufeff", "\u202e"),
        *("\u3002", "\uff0f", "\uff20", "x", "ž", "\ud800", HERE, "evil.example"),
        *("http", "https", "HTTP", "javascript", "ftp"),
    ]
)
ADDRESSES = st.lists(TOKENS, max_size=8).map("".join) | st.text(max_size=20)


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("hosts", HOSTS, ids=str)
def test_every_answer_is_djangos(hosts: Any, https: bool) -> None:
    for url in [*HARMLESS, *(one for one in NASTY if not isinstance(one, (bytes, int)))]:
        if url not in HIDDEN:
            assert ours(url, hosts, https) is djangos(url, hosts, https), repr(url)


@pytest.mark.parametrize("url", HIDDEN, ids=ascii)
def test_slashes_that_a_tab_hides_are_refused_unlike_in_django(url: str) -> None:
    assert djangos(url, {HERE})
    assert not ours(url, {HERE})


@pytest.mark.parametrize("url", HARMLESS, ids=ascii)
def test_what_leads_back_is_taken(url: str) -> None:
    assert ours(url, {HERE})


@pytest.mark.parametrize("url", NASTY, ids=lambda url: ascii(url)[:50])
def test_what_leads_elsewhere_is_refused(url: Any) -> None:
    assert not ours(url, {HERE})


@pytest.mark.slow
@given(url=ADDRESSES, https=st.booleans())
def test_of_whatever_address_the_answer_is_djangos(url: str, https: bool) -> None:
    hides_slashes = _dropped(url).replace("\\", "/").strip().startswith("///")
    expected = not hides_slashes and djangos(url, {HERE}, https)
    assert ours(url, {HERE}, https) is expected


def _dropped(url: str) -> str:
    return re.sub(r"[\t\n\r]", "", url)


def _host_in_a_browser(url: str) -> str:
    """Tell which host a browser asks when it is sent to *url* from a page of HERE.

    https://url.spec.whatwg.org/#url-parsing, as far as it finds a host.
    """
    url = _dropped(re.sub(r"^[\0-\x20]+|[\0-\x20]+$", "", url))
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return "another scheme"
    rest = url[scheme.end() :] if scheme else url
    if not scheme and not re.match(r"[/\\]{2}", rest):
        return HERE
    authority = re.split(r"[/\\?#]", rest.lstrip("/\\"), maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    return "" if re.search(r"[\s\0-\x20]", host) else host  # which no browser asks


@example(url="/\t/evil.example")
@example(url="http:evil.example")
@given(url=ADDRESSES)
def test_what_is_taken_leads_a_browser_nowhere_else(url: str) -> None:
    if ours(url, {HERE}):
        assert _host_in_a_browser(url) in (HERE, "")  # without a host it goes nowhere
