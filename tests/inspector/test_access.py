"""Who may look, and who may not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, abort, request

from flask_dj_session.inspector import Inspector

from ..conftest import MakeSite, Site

PAGES = ["/sessions/", "/sessions/all", "/sessions/static/pages.css"]


def _inspected(make_site: MakeSite, access: Any) -> Site:
    site = make_site()
    site.app.register_blueprint(Inspector(access=access))
    return site


def test_an_app_that_is_not_in_debug_mode_must_say_who_may_look(make_site: MakeSite) -> None:
    with pytest.raises(RuntimeError, match="does not say who may look"):
        make_site().app.register_blueprint(Inspector())


def test_an_app_without_these_sessions_is_refused() -> None:
    app = Flask("tests.other")
    with pytest.raises(
        RuntimeError, match=r"^The app's 'session_interface' is not that of 'DjangoSessions'"
    ):
        app.register_blueprint(Inspector(access=lambda: True))


def test_access_must_be_callable() -> None:
    with pytest.raises(TypeError, match="'access' is a bool"):
        Inspector(access=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("answer", "status"), [(True, 200), (1, 200), (False, 403), (None, 403), ("", 403)]
)
def test_access_is_asked_at_each_request(
    make_site: MakeSite, page: str, answer: Any, status: int
) -> None:
    client = _inspected(make_site, lambda: answer).client
    assert client.get(page, buffered=True).status_code == status


def test_access_sees_the_request(make_site: MakeSite) -> None:
    client = _inspected(make_site, lambda: request.headers.get("X-Pass") == "42").client
    assert client.get("/sessions/").status_code == 403
    assert client.get("/sessions/", headers={"X-Pass": "42"}).status_code == 200


def test_access_may_be_a_coroutine_function(make_site: MakeSite) -> None:
    async def no() -> bool:
        return False

    assert _inspected(make_site, no).client.get("/sessions/").status_code == 403


def test_access_may_answer_itself(make_site: MakeSite) -> None:
    answer = _inspected(make_site, lambda: abort(404)).client.get("/sessions/")
    assert answer.status_code == 404
    assert "nspector" not in answer.text  # as if there were none


def test_a_refusal_is_the_apps_own_page(make_site: MakeSite) -> None:
    site = _inspected(make_site, lambda: False)
    site.app.register_error_handler(403, lambda _: ("Log in first.", 403))
    assert site.client.get("/sessions/").text == "Log in first."


@pytest.mark.parametrize("answer", ["yes", object()], ids=["text", "object"])
def test_what_only_looks_like_a_yes_is_an_error(make_site: MakeSite, answer: Any) -> None:
    said = f"'access' returned a {type(answer).__name__}. Let it return True or False."
    with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
        _inspected(make_site, lambda: answer).client.get("/sessions/")


def test_the_pages_close_when_debug_mode_is_left(site: Site) -> None:
    client = site.client
    assert client.get("/sessions/").status_code == 200
    site.app.debug = False
    assert [client.get(page).status_code for page in PAGES] == [403, 403, 403]


def test_the_log_says_that_debug_mode_was_left(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = site.client
    site.app.debug = False
    assert "debug" not in client.get("/sessions/").text
    (record,) = caplog.records
    assert record.getMessage() == (
        "The session inspector is closed: the app is not in debug mode. Give"
        " 'Inspector(access=...)' to say who may look."
    )
    assert (record.name, record.levelname) == (site.app.logger.name, "WARNING")


def test_the_log_says_why_and_the_page_does_not(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    page = site.client.get("/sessions/", environ_overrides={"REMOTE_ADDR": "10.0.0.1"}).text
    (record,) = caplog.records
    assert record.getMessage() == (
        "The session inspector is closed: the request does not come straight from this machine:"
        " its address is not this machine's. Give 'Inspector(access=...)' to say who may look."
    )
    assert "machine" not in page


def test_a_no_of_the_apps_own_is_not_logged(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    assert _inspected(make_site, lambda: False).client.get("/sessions/").status_code == 403
    assert caplog.records == []


def test_with_access_the_machine_is_not_asked_for(make_site: MakeSite) -> None:
    client = _inspected(make_site, lambda: True).client
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "shop.example", "HTTP_VIA": "1.1 x"}
    assert client.get("/sessions/", environ_overrides=environ).status_code == 200
