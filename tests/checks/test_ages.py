"""Sessions whose login is older than SESSION_ABSOLUTE_AGE, as the doctor counts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session.store import StoredRow

from .conftest import NOW, examine, notes, row_of

DAY = timedelta(days=1)


def logged_in(key: str, ago: timedelta, **more: Any) -> StoredRow:
    """Make a row whose item *key* says a time *ago*."""
    return row_of(data={"_auth_user_id": "1", key: int((NOW - ago).timestamp()), **more})


OVER = [logged_in("_auth_login_time", DAY), logged_in("_auth_seen_time", 2 * DAY)]
NOT_OVER = [
    logged_in("_auth_login_time", DAY - timedelta(seconds=1)),
    logged_in("_auth_login_time", timedelta(0), _auth_seen_time=1),
    row_of(data={"_auth_user_id": "1"}),
    row_of(data={"_auth_login_time": 1}),
    row_of(data={"_auth_user_id": "1", "_auth_login_time": "garbage"}),
    logged_in("_auth_login_time", DAY)._replace(expire_date=NOW),
]


def test_sessions_that_are_older_are_counted() -> None:
    findings = examine([*OVER, *NOT_OVER], SESSION_ABSOLUTE_AGE=86_400)
    (text,) = [each for each in notes(findings) if "ABSOLUTE" in each]
    assert text == (
        "2 sessions have a login that is older than SESSION_ABSOLUTE_AGE, 86,400 seconds."
    )


@pytest.mark.parametrize("age", [None, 3 * 86_400])
def test_where_there_is_none_nothing_is_said(age: int | None) -> None:
    assert "ABSOLUTE" not in str(examine([*OVER, *NOT_OVER], SESSION_ABSOLUTE_AGE=age))
