"""How the expired rows are found; what is removed stands in the store's contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from flask_dj_session.store import Store

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
