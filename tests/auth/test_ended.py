"""A session that ends, or gets another key, while a request is logging in or looks who it is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import session

from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, make_user

KEYS = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["one key for both"]}


def meanwhile(flask: AuthSite, name: str, happens: Any) -> None:
    """Add a slow view that does what the view *name* does; before that, something *happens*."""
    view = flask.app.view_functions[name]

    @flask.app.get(f"/slow_{name}")
    def slow() -> Any:
        session.get("cart")
        happens()
        return view()


def anonymous(live: LiveDjango) -> Any:
    """Return a stored session of nobody's."""
    store = live.store()
    store["cart"] = ["bread"]
    store.save()
    return store


def test_a_login_begins_anew_where_the_session_was_ended_meanwhile(
    flask: AuthSite, live: LiveDjango, visitor: Visitor
) -> None:
    store = anonymous(live)
    visitor.key = store.session_key
    meanwhile(flask, "log_in", store.flush)
    assert visitor.on_flask("slow_log_in", name="ann", password=PASSWORD) == "ann"
    (row,) = flask.site.rows()
    assert row.session_key == visitor.key
    assert "cart" not in live.store(visitor.key).load()
    assert visitor.on_django("who") == "ann"


def test_the_second_of_two_clicks_logs_in_as_well(
    flask: AuthSite, live: LiveDjango, visitor: Visitor
) -> None:
    first = Visitor(flask.app, live)
    first.key = visitor.key = anonymous(live).session_key
    click = lambda: first.on_flask("in", name="ann", password=PASSWORD)  # noqa: E731
    meanwhile(flask, "log_in", click)
    assert visitor.on_flask("slow_log_in", name="ann", password=PASSWORD) == "ann"
    assert first.key != visitor.key
    assert live.store(first.key).load()["cart"] == ["bread"]
    assert "cart" not in live.store(visitor.key).load()


@pytest.mark.parametrize("ends", [False, True])
def test_of_requests_at_once_one_renews_a_hash_by_a_fallback_key(
    make_auth: MakeAuth, live: LiveDjango, ends: bool
) -> None:
    before, after = make_auth(), make_auth(config=KEYS)
    make_user()
    visitor, other = Visitor(before.app, live), Visitor(after.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    other.key = visitor.key
    visitor._app = after.app
    meanwhile(after, "who", lambda: other.on_flask("out" if ends else "who"))
    response = visitor.response("slow_who")
    assert (response.status_code, response.text) == (200, "ann")
    assert "Set-Cookie" not in response.headers
    assert len(after.site.rows()) == (0 if ends else 1)


def test_a_password_is_changed_but_an_ended_session_is_not_kept(
    flask: AuthSite, live: LiveDjango, visitor: Visitor
) -> None:
    visitor.on_django("in", name="ann", password=PASSWORD)
    meanwhile(flask, "change_password", lambda: live.store(visitor.key).flush())
    response = visitor.response("slow_change_password", name="ann", password="another", keep="1")
    assert response.status_code == 400
    assert flask.site.rows() == []
