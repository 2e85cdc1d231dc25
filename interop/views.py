"""The views, on any session of Django's kind: both sides run these very lines.

Old Djangos run on Python 3.6, so this file and ``django_side`` are written for it.
"""

import datetime
import json
from typing import Any, Callable, Dict, Tuple

Given = Dict[str, Any]
View = Callable[[Any, Given], str]


def counter(session: Any, given: Given) -> str:
    """Count to five, then begin again: the course's own view."""
    num_visits = session.get("num_visits", 0) + 1
    session["num_visits"] = num_visits
    if num_visits > 4:
        del session["num_visits"]
    return "view count={}".format(num_visits)


def add(session: Any, given: Given) -> str:
    """Count without an end."""
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


def store(session: Any, given: Given) -> str:
    """Put ``data`` into the session."""
    session.update(given["data"])
    return "stored"


def store_objects(session: Any, given: Given) -> str:
    """Put in what a pickle can hold and JSON cannot."""
    session["objects"] = {
        "date": datetime.datetime(2019, 2, 21, 15, 18, 34, 995362),
        "set": {1, 2, 3},
        "tuple": (1, ("a", None)),
        1: "a key that is no text",
    }
    return "stored"


def read(session: Any, given: Given) -> str:
    """Show what is in the session."""
    return json.dumps(plain(dict(session.items())), sort_keys=True)


def touch(session: Any, given: Given) -> str:
    """Save the session as it is."""
    session.modified = True
    return "touched"


def ignore(session: Any, given: Given) -> str:
    """Leave the session alone."""
    return "ignored"


def expire(session: Any, given: Given) -> str:
    """Let the session end after ``seconds``; 0: when the browser is closed."""
    session["expires"] = "soon"
    session.set_expiry(given["seconds"])
    return "set"


def expire_at(session: Any, given: Given) -> str:
    """Let the session end at ``date``, a wall-clock time, or one in UTC where ``aware``."""
    date = datetime.datetime.strptime(given["date"], "%Y-%m-%d %H:%M:%S.%f")
    session["expires"] = "at a date"
    session.set_expiry(date.replace(tzinfo=datetime.timezone.utc) if given["aware"] else date)
    return "set"


def expire_in(session: Any, given: Given) -> str:
    """Let the session end ``seconds`` from now, given as a timedelta."""
    session["expires"] = "after a span"
    session.set_expiry(datetime.timedelta(seconds=given["seconds"]))
    return "set"


def flush(session: Any, given: Given) -> str:
    """End the session, as a logout does."""
    session.flush()
    return "flushed"


def cycle_key(session: Any, given: Given) -> str:
    """Move the session to another key, as a login does."""
    session.cycle_key()
    return "cycled"


VIEWS = {
    view.__name__: view
    for view in (
        counter,
        add,
        store,
        store_objects,
        read,
        touch,
        ignore,
        expire,
        expire_at,
        expire_in,
        flush,
        cycle_key,
    )
}  # type: Dict[str, View]


def plain(value: Any) -> Any:
    """Make JSON of data, in which ``{"(tuple)": …}`` and the like stand for objects."""
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else "({}) {}".format(type(key).__name__, key): plain(item)
            for key, item in value.items()
        }
    if isinstance(value, (set, tuple)):
        return {"({})".format(type(value).__name__): [plain(item) for item in value]}
    if isinstance(value, datetime.datetime):
        return {"(datetime)": value.isoformat()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def cookie_parts(header: str) -> Tuple[str, Dict[str, str]]:
    """Take a Set-Cookie header apart: the value, and the attributes by their names."""
    pair, *attributes = header.split(";")
    named = dict((attribute.strip() + "=").split("=")[:2] for attribute in attributes)
    return pair.partition("=")[2].strip('"'), named


def answer(status: int, body: str, cookie: str, vary: str) -> Dict[str, Any]:
    """Say what a browser got; ``cookie`` is the Set-Cookie header, or empty."""
    value, attributes = cookie_parts(cookie) if cookie else (None, {})
    return {
        "status": status,
        "body": body,
        "key": value,
        "cookie": attributes,
        "vary": vary,
    }
