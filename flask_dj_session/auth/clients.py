"""Where a login comes from, in as few words as the settings say; nothing is stored here."""

from __future__ import annotations

import ipaddress
import re

from flask import Request

from ..settings import Settings
from ..store.index.table import AGENT_LENGTH

#: how many bits of an address name the network: the visitor's own cannot be told from its others
_NETWORK = {4: 24, 6: 48}
#: the first that is found counts: each browser also names those that it is like
_BROWSERS = {
    "Edge": r"\bEdg(?:e|A|iOS)?/",
    "Opera": r"\bOPR/|\bOpera\b",
    "Samsung Internet": r"\bSamsungBrowser/",
    "Firefox": r"\b(?:Firefox|FxiOS)/",
    "Chrome": r"\b(?:Chrome|Chromium|CriOS)/",
    "Safari": r"\bSafari/",
}
_SYSTEMS = {
    "Android": r"\bAndroid\b",
    "iPhone": r"\biPhone\b",
    "iPad": r"\biPad\b",
    "Windows": r"\bWindows\b",
    "ChromeOS": r"\bCrOS\b",
    "macOS": r"\bMac OS X\b|\bMacintosh\b",
    "Linux": r"\bLinux\b",
}
_PRODUCT = re.compile(r"[A-Za-z][\w.+-]{0,39}")


def client_of(request: Request, settings: Settings) -> tuple[str | None, str | None]:
    """Return address and browser of *request* as the settings want them recorded."""
    return (
        shortened_address(request.remote_addr, settings.client_address),
        shortened_agent(request.user_agent.string, settings.client_agent),
    )


def shortened_address(address: str | None, how: str) -> str | None:
    """Return an address in full or that of its network; None for what is none.

    :param how: ``full``, ``network`` or ``none``.
    """
    if address is None or how == "none":
        return None
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # such as the path of a socket
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if how == "full":
        return str(found)
    return str(ipaddress.ip_network((found, _NETWORK[found.version]), strict=False))


def shortened_agent(agent: str, how: str) -> str | None:
    """Return what a browser says of itself in full, up to 200 characters, or in three words.

    :param how: ``full``, ``summary`` or ``none``.
    """
    agent = "".join(char for char in agent if char.isprintable()).strip()
    if not agent or how == "none":
        return None
    return agent[:AGENT_LENGTH] if how == "full" else _summary(agent)


def _summary(agent: str) -> str | None:
    browser = _first(_BROWSERS, agent)
    system = _first(_SYSTEMS, agent)
    if browser is None:
        product = _PRODUCT.match(agent)
        browser = product[0] if product and product[0] != "Mozilla" else None
    return " on ".join(name for name in (browser, system) if name is not None) or None


def _first(patterns: dict[str, str], agent: str) -> str | None:
    return next((name for name, pattern in patterns.items() if re.search(pattern, agent)), None)
