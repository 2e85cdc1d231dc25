"""Addresses and browsers in as few words as the settings say."""

from __future__ import annotations

import pytest

from flask_dj_session.auth.clients import shortened_address, shortened_agent

_GECKO = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"
_MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT}"
_PHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_WEBKIT}"
_GALAXY = f"Mozilla/5.0 (Linux; Android 14; SM-S911B) {_WEBKIT}"


@pytest.mark.parametrize(
    ("address", "full", "network"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48"),
        ("/run/app.sock", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_an_address_is_recorded_in_full_or_as_its_network(
    address: str | None, full: str | None, network: str | None
) -> None:
    assert shortened_address(address, "full") == full
    assert shortened_address(address, "network") == network
    assert shortened_address(address, "none") is None


@pytest.mark.parametrize(
    ("agent", "summary"),
    [
        (_GECKO, "Firefox on Linux"),
        (f"{_WINDOWS} Chrome/131.0 Safari/537.36", "Chrome on Windows"),
        (f"{_WINDOWS} Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        (f"{_MAC} Version/18.1 Safari/605.1", "Safari on macOS"),
        (f"{_PHONE} CriOS/131.0 Mobile Safari/604.1", "Chrome on iPhone"),
        (f"{_GALAXY} SamsungBrowser/26.0 Chrome/122.0", "Samsung Internet on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {_WEBKIT} Chrome/131 OPR/116", "Opera on ChromeOS"),
        ("curl/8.11.0", "curl"),
        ("Mozilla/5.0 (compatible)", None),
        ("<script>", None),
        ("", None),
    ],
)
def test_a_browser_is_named_with_its_system(agent: str, summary: str | None) -> None:
    assert shortened_agent(agent, "summary") == summary


def test_what_a_browser_says_is_cut_and_has_no_control_characters() -> None:
    assert shortened_agent("a\x1b[31m\n" + "b" * 300, "full") == "a[31m" + "b" * 195
    assert shortened_agent(_GECKO, "none") is None
