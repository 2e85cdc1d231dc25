"""Who may look: asked at each request, and no wherever nobody has said yes."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import Forbidden

#: says whether the present request may look; it may be a coroutine function
Access = Callable[[], bool] | Callable[[], Awaitable[bool]]

_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def check_access(access: Access | None) -> None:
    """Let the present request pass, or refuse it.

    Without *access* the app must be in debug mode now, whatever it was when the inspector was
    registered, and the request must come from this machine: a server in debug mode can often be
    reached from the network.

    :raises Forbidden: where nobody said yes.
    :raises TypeError: where *access* returned something that only looks like a yes.
    """
    if access is not None:
        if not _said_yes(access):
            raise Forbidden
        return
    if not current_app.debug:
        raise _refused("the app is not in debug mode")
    if not from_this_machine():
        raise _refused("the request does not come straight from this machine")


def _said_yes(access: Access) -> bool:
    answer = current_app.ensure_sync(access)()
    if answer and not isinstance(answer, int):  # some databases have 1 for True
        # Such as a coroutine that nobody awaited, or a user who turns out to be anonymous.
        raise TypeError(
            f"'access' returned a {type(answer).__name__}. Let it return True or False."
        )
    return bool(answer)


def _refused(reason: str) -> Forbidden:
    current_app.logger.warning(
        "The session inspector is closed: %s. Give 'Inspector(access=...)' to say who may look.",
        reason,
    )
    return Forbidden()


def from_this_machine() -> bool:
    """Tell whether the present request comes straight from a browser on this machine.

    Its address is a loopback one; no proxy says that it has passed the request on; and the Host
    is a name of this machine's for itself, since the page of another site can have *its* name
    lead to 127.0.0.1, and would read the answer.
    """
    return (
        _is_loopback(request.remote_addr)
        and _is_own_name(request.host)
        and not any(name in request.headers for name in _PROXY_HEADERS)
    )


def _is_own_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(text: str | None) -> bool:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
