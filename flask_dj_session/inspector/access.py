"""Who may look: asked at each request, and no wherever nobody has said yes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from flask import current_app
from werkzeug.exceptions import Forbidden

from .nearness import what_is_wrong

#: says whether the present request may look; it may be a coroutine function
Access = Callable[[], bool] | Callable[[], Awaitable[bool]]


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
    if wrong := what_is_wrong():
        raise _refused(f"the request does not come straight from this machine: {wrong}")


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
