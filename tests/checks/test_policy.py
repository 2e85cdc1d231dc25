"""What is measured on rows, for those who have decided how sessions are to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

import pytest

from flask_dj_session.checks import Examination, Policy, policy
from flask_dj_session.settings import prepare
from flask_dj_session.store import StoredRow

from .conftest import NOW, row_of

HOUR = timedelta(hours=1)


def measure(
    rows: Iterable[StoredRow], gone: Collection[str] | None = None, **config: Any
) -> dict[str, int | None]:
    """Return what is measured on *rows*, where some users are *gone*."""
    settings = prepare({"SECRET_KEY": "the key", **config}, {})
    measures = Policy(NOW, settings.absolute_age)
    examination = Examination(settings, now=NOW, policy=measures)
    examination.add(rows)
    find = None if gone is None else lambda ids: {*gone} & {*ids}
    return {each.name: each.value for each in measures.measures(find)}


def of_user(user_id: Any, *, login: timedelta | None = None, **row: Any) -> StoredRow:
    """Make a row of a user, who has logged in so long ago."""
    data = {"_auth_user_id": user_id}
    if login is not None:
        data["_auth_login_time"] = int((NOW - login).timestamp())
    return row_of(data=data, **row)


def test_of_an_empty_table_nothing_is_known() -> None:
    assert measure([]) == {
        "sessions": 0,
        "longest_life": None,
        "longest_left": None,
        "logins": 0,
        "oldest_login": None,
        "logins_of_unknown_age": 0,
        "logins_over_absolute_age": None,
        "most_of_one_user": 0,
        "of_inactive_users": None,
        "by_fallback_keys": 0,
    }


def test_the_longest_life_is_from_a_save_to_the_end() -> None:
    rows = [row_of(), row_of(ago=30 * HOUR, off=10 * HOUR), row_of(ago=HOUR, off=-5 * HOUR)]
    found = measure(rows)
    assert found["sessions"] == 3
    assert found["longest_life"] == 14 * 86_400 + 36_000
    assert found["longest_left"] == 14 * 86_400


def test_sessions_are_counted_by_their_users() -> None:
    rows = [*[of_user("1")] * 3, of_user("2"), of_user(2), row_of()]
    found = measure(rows, gone={"2", "7"})
    assert (found["logins"], found["most_of_one_user"]) == (5, 3)
    assert found["of_inactive_users"] == 2


def test_logins_are_counted_by_their_age() -> None:
    rows = [of_user("1", login=n * HOUR) for n in (1, 12, 40)] + [of_user("1")]
    found = measure(rows, SESSION_ABSOLUTE_AGE=12 * 3600)
    assert found["oldest_login"] == 40 * 3600
    assert found["logins_over_absolute_age"] == 2
    assert found["logins_of_unknown_age"] == 1


def test_rows_of_fallback_keys_are_counted() -> None:
    rows = [row_of(), row_of(key="old"), row_of(key="old"), row_of(key="nobody's")]
    found = measure(rows, SECRET_KEY_FALLBACKS=["old"])
    assert (found["sessions"], found["by_fallback_keys"]) == (3, 2)


@pytest.mark.parametrize(
    "row",
    [
        row_of(key="nobody's", data={"_auth_user_id": "1"}),
        of_user("1")._replace(expire_date=NOW),
        of_user("1")._replace(expire_date=None),
        of_user("1")._replace(session_data="no session"),
    ],
    ids=["another key", "expired", "no date", "damaged"],
)
def test_what_is_no_session_is_not_counted(row: StoredRow) -> None:
    assert measure([row]) == measure([])


def test_so_many_users_are_told_apart_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "REMEMBERED", 2)
    rows = [of_user(n) for n in ("1", "2", "3", "3", "3", "1")]
    assert measure(rows)["most_of_one_user"] == 2
    assert measure(rows)["logins"] == 6
