"""Whether a request comes straight from a browser on this machine; what cannot be told is a no.

A proxy on the machine asks from the machine's own address, and the plainest of them adds nothing to
a request. So it is not enough that no proxy says that it is there: the request must be what a
browser sends, in all that a proxy changes.
"""

from __future__ import annotations

import ipaddress
import re

from flask import request

# Headers that browsers send. All others were added on the way, most of them by proxies: there
# are dozens (X-Forwarded-For, Via, CF-Connecting-IP, …), and there will be more.
_OF_BROWSERS = re.compile(
    r"Accept(-[\w-]+)?|Alt-Used|Attribution-Reporting-[\w-]+|Authorization|Available-Dictionary"
    r"|Cache-Control|Connection|Content-(Length|Type)|Cookie|Device-Memory|Dictionary-Id|Dnt"
    r"|Downlink|Dpr|Ect|Host|If-[\w-]+|Keep-Alive|Origin|Pragma|Priority|Purpose|Range|Referer"
    r"|Rtt|Save-Data|Sec-[\w-]+|Te|Upgrade-Insecure-Requests|User-Agent|Viewport-Width|X-Moz",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[(?P<address>[0-9a-f:.]+)\])(:\d+)?", re.IGNORECASE)
_OWN_NAME = re.compile(r"([a-z0-9-]+\.)*localhost", re.IGNORECASE)


def from_this_machine() -> bool:
    """Return whether the present request comes straight from a browser on this machine.

    Its address is a loopback one. Its Host is a name of this machine's for itself, since the page
    of another site can have *its* name lead to 127.0.0.1, and would read the answer. And nothing
    in it speaks of a proxy; see :func:`what_is_wrong`.
    """
    return what_is_wrong() is None


def what_is_wrong() -> str | None:
    """Say what keeps the present request from being taken for one of this machine's browsers.

    None where nothing does. A test client is on this machine, and needs to be no browser.
    """
    if not _is_loopback(request.remote_addr or ""):
        return "its address is not this machine's"
    if not _is_own_name(request.headers.get("Host", "")):
        return "its 'Host' is not a name of this machine for itself"
    if added := _added_header():
        return f"it has the header {added!r}, which browsers do not send, and proxies may"
    if not _is_as_browsers_connect() and not _is_without_a_server():
        return (
            "it does not have HTTP/1.1 and 'Connection: keep-alive', which browsers send and"
            " proxies remove (with curl, -H 'Connection: keep-alive')"
        )
    return None


def _added_header() -> str | None:
    names = (name for name, _ in request.headers)
    return next((name[:40] for name in names if not _OF_BROWSERS.fullmatch(name)), None)


def _is_as_browsers_connect() -> bool:
    # It belongs to one connection, and a proxy makes another one, with words of its own: nginx says
    # HTTP/1.0 and 'close', from 1.29.7 on HTTP/1.1 and nothing; Apache says 'Keep-Alive'.
    is_new = request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
    return is_new and request.headers.get("Connection") == "keep-alive"


def _is_without_a_server() -> bool:
    """Return whether Werkzeug's test client has made the request.

    It gives the URI under both names, as otherwise only Werkzeug's server does, which says its own
    name and the peer's port as well.
    """
    known = request.environ.keys()
    return {"RAW_URI", "REQUEST_URI"} <= known and not {"REMOTE_PORT", "SERVER_SOFTWARE"} & known


def _is_own_name(host: str) -> bool:
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    return _OWN_NAME.fullmatch(parts["name"]) is not None or _is_loopback(
        parts["address"] or parts["name"]
    )


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
