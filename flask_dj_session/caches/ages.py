"""How long an entry stays: Django's ``get_expiry_age``, reckoned from the end of its row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_EXPIRY = "_session_expiry"


def seconds_of_save(data: Mapping[str, Any], end: datetime, now: datetime) -> float:
    """Return the timeout of the entry of a session that was saved a moment ago.

    :param end: of its row, aware.
    :param now: the time, aware.

    # Django 5.2, sessions/backends/base.py: get_expiry_age
    """
    expiry = data.get(_EXPIRY)
    if expiry and isinstance(expiry, (int, float)):
        return expiry
    left = (end - now).total_seconds()
    # Without a date, the row got its end a moment ago, and that moment is not the visitor's loss.
    return math.floor(left) if expiry else math.ceil(left)


def seconds_of_row(end: datetime, now: datetime) -> int:
    """Return the timeout of an entry that is filled from a row.

    # Django 5.2, sessions/backends/cached_db.py: load
    """
    return math.floor((end - now).total_seconds())
