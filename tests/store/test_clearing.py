"""How the expired rows are found; what is removed stands in the store's contract."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from flask_dj_session.store import Store
from flask_dj_session.store.clearing import rows_of_next

from ..conftest import NOW, MakeSite, Site
from .conftest import store_of


def _fill(store: Store, expired: int) -> None:
    for number in range(expired):
        store.insert(f"expired-{number:03}", "text", NOW - timedelta(seconds=1 + number))


def _statements(site: Site) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        seen.append((text, parameters))

    event.listen(site.sessions.store.engine.app_engine, "before_cursor_execute", note)
    return seen


def test_the_index_on_the_date_leads_to_the_expired_rows(make_site: MakeSite) -> None:
    site = make_site()
    with site.app.app_context():
        store = site.sessions.store
        _fill(store, expired=5)
        statements = _statements(site)
        list(store.clear_expired(NOW, batch_size=2))
        for text, parameters in statements[:]:
            with store.engine.connect() as connection:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters).all()
            # "SEARCH ... USING INDEX", and no "SCAN" of the table.
            assert "django_session_expire_date_a5c62663 (expire_date" in plan[0].detail


@pytest.mark.parametrize(
    ("rows", "seconds", "expected"),
    [
        pytest.param(1000, 0.03, 1333, id="quick"),
        pytest.param(1000, 0.0, 2000, id="twice as many at the most"),
        pytest.param(8000, 0.01, 10_000, id="never more than 10,000"),
        pytest.param(4000, 0.08, 2000, id="slow"),
        pytest.param(1000, 2.0, 1000, id="never less than 1000"),
    ],
)
def test_a_batch_grows_where_the_database_is_quick(
    rows: int, seconds: float, expected: int
) -> None:
    assert rows_of_next(rows, seconds) == expected


def test_by_default_a_batch_has_a_thousand_rows_and_more_where_that_is_quick(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(make_site())
    rows = [
        {"key": f"{number:032}", "end": str(NOW.replace(tzinfo=None))} for number in range(3001)
    ]
    with store.engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO django_session VALUES (:key, 'text', :end)"), rows)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    assert list(store.clear_expired(NOW + timedelta(seconds=1))) == [1000, 2000, 1]


def test_a_row_that_the_database_keeps_is_not_tried_for_ever(make_site: MakeSite) -> None:
    store = store_of(make_site())
    _fill(store, expired=5)
    with store.engine.connect() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER kept BEFORE DELETE ON django_session"
                " WHEN old.session_key = 'expired-004' BEGIN SELECT RAISE(IGNORE); END"
            )
        )
    assert list(store.clear_expired(NOW, batch_size=2)) == [1, 2, 1]
