"""What a request does with its session: the same as Django's middleware, and what Flask adds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
import time_machine
from django.core.signing import TimestampSigner, dumps
from django.http import HttpRequest, HttpResponse
from flask import (
    Response,
    copy_current_request_context,
    flash,
    get_flashed_messages,
    make_response,
    render_template_string,
    request,
    session,
    stream_with_context,
)
from flask.testing import FlaskClient
from itsdangerous import Signer
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from flask_dj_session import DjangoSession, SessionCodec, SessionInterrupted, UpdateError
from flask_dj_session.errors import EncodeError
from flask_dj_session.pytest_plugin import MakeClient, MakeSession
from flask_dj_session.wire import SESSION_SALT, JSONSerializer

from .conftest import NOW, MakeSite, Site
from .databases import EVERY_DATABASE
from .live_django import SECRET_KEY, LiveDjango, on_database

STORED = "storedkeystoredkeystoredkey00000"
UNKNOWN = "unknownkeyunknownkeyunknownkey00"

# The views of both: what they are given is Django's session or ours.


class Page(NamedTuple):
    """What a view answers."""

    body: str = "by the view"
    status: int = 200
    vary: str | None = None


View = Callable[[Any], Page]


def write(session: Any) -> Page:
    session["cat"] = "tabby"
    return Page()


def read(session: Any) -> Page:
    return Page(f"by the view: {session.get('cat')}")


def untouched(session: Any) -> Page:
    return Page()


def only_key(session: Any) -> Page:
    return Page(f"by the view: {session.session_key in (STORED, UNKNOWN)}")


def only_modified(session: Any) -> Page:
    session.modified = True
    return Page()


def emptied(session: Any) -> Page:
    for name in list(session.keys()):
        del session[name]
    return Page()


def in_place(session: Any) -> Page:
    session.setdefault("list", []).append(1)
    return Page(f"by the view: {session['list']}")


def flush(session: Any) -> Page:
    session.flush()
    return Page()


def flush_and_write(session: Any) -> Page:
    session.flush()
    return write(session)


def cycle_key(session: Any) -> Page:
    session.cycle_key()
    return Page()


def write_and_cycle_key(session: Any) -> Page:
    session["cat"] = "ginger"
    session.cycle_key()
    return Page()


def clear(session: Any) -> Page:
    session.clear()
    return Page()


def clear_and_write(session: Any) -> Page:
    session.clear()
    return write(session)


def save(session: Any) -> Page:
    session["cat"] = "ginger"
    session.save()
    return Page()


def create(session: Any) -> Page:
    session.create()
    return write(session)


def delete(session: Any) -> Page:
    session.delete()
    return Page()


def write_and_delete(session: Any) -> Page:
    session["cat"] = "ginger"
    session.delete()
    return Page()


def delete_and_write(session: Any) -> Page:
    session.delete()
    session["cat"] = "ginger"
    return Page()


def try_cookie(session: Any) -> Page:
    worked = session.test_cookie_worked()
    session.set_test_cookie()
    return Page(f"by the view: {worked}")


def expire(value: Any) -> View:
    def view(session: Any) -> Page:
        session.set_expiry(value)
        return Page()

    return view


def expire_at_a_date(session: Any) -> Page:
    session.set_expiry(session.get_expiry_date() + timedelta(days=1))
    return Page()


def expire_in_the_past(session: Any) -> Page:
    session.set_expiry(session.get_expiry_date() - timedelta(days=100))
    return Page()


def status(status: int) -> View:
    def view(session: Any) -> Page:
        session["cat"] = "ginger"
        return Page(status=status)

    return view


def fail_after(step: View) -> View:
    def view(session: Any) -> Page:
        step(session)
        raise RuntimeError("the view failed")

    return view


def varying(vary: str, step: View = write) -> View:
    def view(session: Any) -> Page:
        return step(session)._replace(vary=vary)

    return view


def counter(session: Any) -> Page:
    num_visits = session.get("num_visits", 0) + 1
    session["num_visits"] = num_visits
    if num_visits > 4:
        del session["num_visits"]
    return Page(f"by the view: {num_visits}")


VIEWS: dict[str, View] = {
    "write": write,
    "read": read,
    "untouched": untouched,
    "only key": only_key,
    "only modified": only_modified,
    "emptied": emptied,
    "in place": in_place,
    "flush": flush,
    "flush and write": flush_and_write,
    "cycle key": cycle_key,
    "write and cycle key": write_and_cycle_key,
    "clear": clear,
    "clear and write": clear_and_write,
    "save": save,
    "create": create,
    "delete": delete,
    "write and delete": write_and_delete,
    "delete and write": delete_and_write,
    "test cookie": try_cookie,
    "expire 0": expire(0),
    "expire 90": expire(90),
    "expire 90.7": expire(90.7),
    "expire -90": expire(-90),
    "expire in an hour": expire(timedelta(hours=1)),
    "expire by default": expire(None),
    "expire at a date": expire_at_a_date,
    "expire in the past": expire_in_the_past,
    "status 404": status(404),
    "status 499": status(499),
    "status 500": status(500),
    "status 503": status(503),
    "exception": fail_after(read),
    "exception after write": fail_after(write),
    "exception after save": fail_after(save),
    "exception after flush": fail_after(flush),
    "counter": counter,
}

#: what the browser sends; {} is the cookie's name
STATES: dict[str, str | None] = {
    "no cookie": None,
    "other cookie": "other=1",
    "stored": f"{{}}={STORED}",
    "quoted": f'{{}}="{STORED}"',
    "unknown": f"{{}}={UNKNOWN}",
    "empty": "{}=",
    "too short": "{}=abc",
    "too long": "{}=" + "x" * 60,
    "two": f"{{}}={UNKNOWN}; {{}}={STORED}",
    "two, the last unknown": f"{{}}={STORED}; {{}}={UNKNOWN}",
    "two, the last too short": f"{{}}={STORED}; {{}}=abc",
}


class Answer(NamedTuple):
    """What came back, and what is in the table then; keys are hidden."""

    status: int
    body: str
    vary: str | None
    cookies: list[str]
    rows: list[tuple[str, str, str]]


def without_key(text: str) -> str:
    """Put a placeholder where *text* has a session key."""
    text = text.replace(STORED, "<stored>").replace(UNKNOWN, "<unknown>")
    return re.sub(r"\b[a-z0-9]{32}\b", "<new>", text)


class Twins:
    """A Flask app and a Django with the same views and settings on the same file."""

    def __init__(self, site: Site, django: LiveDjango) -> None:
        self.site = site
        self.django = django
        self._apart = sa.create_engine(django.url, poolclass=sa.NullPool)
        self.stored_data = django.store().encode({"cat": "ginger", "num_visits": 3})
        self._view: View = untouched
        site.app.add_url_rule("/", view_func=self._answer)

    def ask(self, view: View, state: str) -> tuple[Answer, Answer]:
        """Have *view* answer a browser in *state*, by Flask and by Django."""
        cookie = STATES[state]
        if cookie is not None:
            cookie = cookie.replace("{}", self.site.app.config["SESSION_COOKIE_NAME"])
        self.reset()
        ours = self.ask_flask(view, cookie)
        self.reset()
        return ours, self.ask_django(view, cookie)

    def ask_flask(self, view: View, cookie: str | None) -> Answer:
        """Have *view* answer in Flask."""
        self._view = view
        client = self.site.app.test_client(use_cookies=False)
        response = client.get("/", headers={} if cookie is None else {"Cookie": cookie})
        vary = response.headers.getlist("Vary")
        cookies = response.headers.getlist("Set-Cookie")
        return self._seen(response.status_code, response.text, ", ".join(vary) or None, cookies)

    def ask_django(self, view: View, cookie: str | None) -> Answer:
        """Have *view* answer in Django."""

        def answer(request: HttpRequest) -> HttpResponse:
            page = view(request.session)
            headers = {} if page.vary is None else {"Vary": page.vary}
            return HttpResponse(page.body, status=page.status, headers=headers)

        with self.django.view(answer):
            extra = {} if cookie is None else {"HTTP_COOKIE": cookie}
            response = self.django.client().get("/", **extra)
        cookies = [morsel.OutputString() for morsel in response.cookies.values()]
        body = response.content.decode()
        return self._seen(response.status_code, body, response.headers.get("Vary"), cookies)

    def _answer(self) -> Response:
        page = self._view(request.session)  # type: ignore[attr-defined]
        headers = {} if page.vary is None else {"Vary": page.vary}
        return Response(page.body, page.status, headers)

    def _seen(self, status: int, body: str, vary: str | None, cookies: list[str]) -> Answer:
        # Each framework has error pages of its own.
        body = body if body.startswith("by the view") else "by the framework"
        rows = self.execute("SELECT session_key, session_data, expire_date FROM django_session")
        hidden_rows = sorted((without_key(key), data, date) for key, data, date in rows)
        return Answer(status, body, vary, [without_key(one) for one in cookies], hidden_rows)

    def reset(self) -> None:
        """Leave one row in the table, that of STORED."""
        self.execute("DELETE FROM django_session")
        self.execute(
            "INSERT INTO django_session VALUES (:key, :data, '2026-12-01 00:00:00')",
            key=STORED,
            data=self.stored_data,
        )

    def execute(self, statement: str, **parameters: Any) -> list[Any]:
        """Run a statement on a connection apart, and read the rows as the driver gives them."""
        with self._apart.begin() as connection:
            result = connection.execute(sa.text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []


MakeTwins = Callable[..., Twins]


@pytest.fixture
def make_twins(
    make_site: MakeSite, database_url: sa.URL, clock: time_machine.Traveller
) -> Iterator[MakeTwins]:
    """Return what makes twins with the settings that it is given, at a stopped time."""
    with ExitStack() as stack:

        def make(**config: Any) -> Twins:
            site = make_site(PROPAGATE_EXCEPTIONS=False, **config)
            django = stack.enter_context(on_database(database_url))
            stack.enter_context(django.settings(**config))
            return Twins(site, django)

        yield make


@pytest.fixture
def twins(make_twins: MakeTwins) -> Twins:
    """Return twins with Django's default settings."""
    return make_twins()


# Beside Django

#: where Django looks for a row to change that no cookie can name
BETTER_THAN_DJANGO = [
    (VIEWS["clear"], "too long"),
    (VIEWS["clear and write"], "too long"),
]


@pytest.mark.slow
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_answer_and_the_row_are_djangos(twins: Twins, view: View, state: str) -> None:
    ours, theirs = twins.ask(view, state)
    if (view, state) in BETTER_THAN_DJANGO:
        assert (theirs.status, ours.status) == (400, 200)
    else:
        assert ours == theirs


SETTINGS: dict[str, dict[str, Any]] = {
    "name": {"SESSION_COOKIE_NAME": "visitor"},
    "domain": {"SESSION_COOKIE_DOMAIN": ".example.local"},
    "path": {"SESSION_COOKIE_PATH": "/example/"},
    "secure": {"SESSION_COOKIE_SECURE": True},
    "not httponly": {"SESSION_COOKIE_HTTPONLY": False},
    "samesite strict": {"SESSION_COOKIE_SAMESITE": "Strict"},
    "samesite none": {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
    "no samesite": {"SESSION_COOKIE_SAMESITE": False},
    "__Host-": {"SESSION_COOKIE_NAME": "__Host-id", "SESSION_COOKIE_SECURE": True},
    "__Secure-": {"SESSION_COOKIE_NAME": "__Secure-id", "SESSION_COOKIE_SECURE": True},
    "all of them": {
        "SESSION_COOKIE_NAME": "visitor",
        "SESSION_COOKIE_DOMAIN": "example.local",
        "SESSION_COOKIE_PATH": "/example/",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": False,
        "SESSION_COOKIE_SAMESITE": "None",
    },
    "age": {"SESSION_COOKIE_AGE": 60},
    "no age": {"SESSION_COOKIE_AGE": 0},
    "until browser close": {"SESSION_EXPIRE_AT_BROWSER_CLOSE": True},
    "save every request": {"SESSION_SAVE_EVERY_REQUEST": True},
    "both": {"SESSION_EXPIRE_AT_BROWSER_CLOSE": True, "SESSION_SAVE_EVERY_REQUEST": True},
    "no USE_TZ": {"USE_TZ": False, "TIME_ZONE": "America/Chicago"},
}


#: the views in which settings show
TELLING = [
    "write",
    "read",
    "untouched",
    "flush",
    "clear",
    "expire 0",
    "expire 90",
    "expire at a date",
    "expire in the past",
    "status 503",
]


@pytest.mark.slow
@pytest.mark.parametrize("state", ["no cookie", "stored", "unknown"])
@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_means_what_it_means_in_django(
    make_twins: MakeTwins, config: dict[str, Any], state: str
) -> None:
    twins = make_twins(**config)
    for name in TELLING:
        ours, theirs = twins.ask(VIEWS[name], state)
        assert (name, ours) == (name, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("step", [untouched, read, write, flush])
@pytest.mark.parametrize(
    "vary", ["Accept-Encoding", "*", "Accept, *", "cookie", "Accept,Cookie", "A , B"]
)
def test_vary_is_added_to_as_in_django(twins: Twins, vary: str, step: View) -> None:
    ours, theirs = twins.ask(varying(vary, step), "stored")
    assert ours == theirs


def test_a_counter_counts_to_five_and_begins_again(twins: Twins) -> None:
    seen = []
    for ask in (twins.ask_flask, twins.ask_django):
        twins.execute("DELETE FROM django_session")
        cookie = None
        answers = []
        for _ in range(7):
            answers.append(ask(counter, cookie))
            ((key,),) = twins.execute("SELECT session_key FROM django_session")
            cookie = f"sessionid={key}"
        seen.append(answers)
    assert seen[0] == seen[1]
    assert [answer.body[-1] for answer in seen[0]] == list("1234512")


def test_renewing_a_session_moves_its_end(twins: Twins, clock: time_machine.Traveller) -> None:
    twins.ask(write, "stored")
    clock.shift(3600)
    ours, theirs = twins.ask(write, "stored")
    assert ours == theirs
    assert "expires=Mon, 07 Dec 2026 13:30:15 GMT; " in ours.cookies[0]
    assert ours.rows[0][2] == "2026-12-07 13:30:15.123456"


# Django's own cases for its middleware


def request_session() -> DjangoSession:
    """Return the session without touching Flask's proxy."""
    found: DjangoSession = request.session  # type: ignore[attr-defined]
    return found


def serve(site: Site, view: Callable[[DjangoSession], Any]) -> FlaskClient:
    """Have *view* answer ``/`` from now on, and return a browser."""
    if "view" not in site.app.view_functions:
        site.app.add_url_rule("/", "view", lambda: "")
    site.app.view_functions["view"] = lambda: view(request_session())
    return site.client


def serve_plain(site: Site, view: Callable[[], Any]) -> FlaskClient:
    """Have a *view* without arguments answer ``/``, and return a browser."""
    site.app.add_url_rule("/", "plain", view)
    return site.client


def touch(session: DjangoSession) -> str:
    session["hello"] = "world"
    return "touched"


def end(session: DjangoSession) -> str:
    session.flush()
    return "ended"


def look(session: DjangoSession) -> str:
    return str(session.get("hello"))


def store(site: Site, **data: Any) -> str:
    """Store a session and return its key."""
    return MakeSession(site.app)(data)


def returning(client: FlaskClient, key: str) -> FlaskClient:
    """Return a browser that has the cookie of a session."""
    return MakeClient(client.application)(session_key=key)


def morsel(response: TestResponse) -> Any:
    """Return the session cookie that *response* sets."""
    (header,) = response.headers.getlist("Set-Cookie")
    return SimpleCookie(header)["sessionid"]


def test_a_secure_cookie_is_for_https_only(make_site: MakeSite) -> None:
    response = serve(make_site(SESSION_COOKIE_SECURE=True), touch).get("/")
    assert morsel(response)["secure"] is True
    assert response.headers["Vary"] == "Cookie"


def test_scripts_do_not_see_the_cookie(site: Site) -> None:
    response = serve(site, touch).get("/")
    assert morsel(response)["httponly"] is True
    assert "HttpOnly" in response.headers["Set-Cookie"]


def test_scripts_see_the_cookie_where_the_site_says_so(make_site: MakeSite) -> None:
    response = serve(make_site(SESSION_COOKIE_HTTPONLY=False), touch).get("/")
    assert "httponly" not in response.headers["Set-Cookie"].lower()


def test_samesite_is_lax_unless_the_site_says_otherwise(make_site: MakeSite) -> None:
    assert morsel(serve(make_site(), touch).get("/"))["samesite"] == "Lax"
    strict = make_site(SESSION_COOKIE_SAMESITE="Strict")
    assert morsel(serve(strict, touch).get("/"))["samesite"] == "Strict"


def test_a_first_visit_is_given_a_cookie_with_all_its_attributes(
    site: Site, clock: time_machine.Traveller
) -> None:
    response = serve(site, touch).get("/")
    (row,) = site.rows()
    assert response.headers["Set-Cookie"] == (
        f"sessionid={row.session_key}; expires=Mon, 07 Dec 2026 12:30:15 GMT; HttpOnly;"
        " Max-Age=1209600; Path=/; SameSite=Lax"
    )


@pytest.mark.parametrize("code", [500, 503, 599])
def test_a_server_error_saves_nothing(site: Site, code: int) -> None:
    key = store(site, hello="before")
    client = serve(site, lambda session: (touch(session), code))
    response = returning(client, key).get("/")
    assert "Set-Cookie" not in response.headers
    assert site.sessions.session(key).load() == {"hello": "before"}


def test_an_unhandled_exception_saves_nothing(make_site: MakeSite) -> None:
    site = make_site(PROPAGATE_EXCEPTIONS=False)

    def fail(session: DjangoSession) -> str:
        touch(session)
        raise RuntimeError("the view failed")

    assert serve(site, fail).get("/").status_code == 500
    assert site.rows() == []


def test_a_session_that_is_ended_takes_its_cookie_along(site: Site) -> None:
    client = serve(site, end)
    response = returning(client, store(site)).get("/")
    assert response.headers["Set-Cookie"] == (
        'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax'
    )
    assert response.headers["Vary"] == "Cookie"
    assert site.rows() == []


def test_a_cookie_is_deleted_under_its_own_domain_and_path(make_site: MakeSite) -> None:
    site = make_site(SESSION_COOKIE_DOMAIN=".example.local", SESSION_COOKIE_PATH="/example/")
    client = serve(site, end)
    client.set_cookie("sessionid", "abc")
    response = client.get("/")
    assert response.headers["Set-Cookie"] == (
        'sessionid=""; Domain=.example.local; expires=Thu, 01 Jan 1970 00:00:00 GMT;'
        " Max-Age=0; Path=/example/; SameSite=Lax"
    )
    assert response.headers["Vary"] == "Cookie"


def test_ending_no_session_sets_no_cookie(site: Site) -> None:
    response = serve(site, end).get("/")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Cookie"


def test_save_every_request_renews_the_cookie_of_a_session_left_alone(
    make_site: MakeSite, clock: time_machine.Traveller
) -> None:
    site = make_site(SESSION_SAVE_EVERY_REQUEST=True)
    client = serve(site, touch)
    first = morsel(client.get("/"))
    clock.shift(60)
    serve(site, lambda _: "left alone")
    response = client.get("/")
    assert morsel(response).value == first.value
    assert morsel(response)["expires"] != first["expires"]
    assert response.headers["Vary"] == "Cookie"


def test_save_every_request_stores_nothing_for_a_visitor_without_a_session(
    make_site: MakeSite,
) -> None:
    site = make_site(SESSION_SAVE_EVERY_REQUEST=True)
    response = serve(site, lambda _: "left alone").get("/")
    assert "Set-Cookie" not in response.headers
    assert site.rows() == []


def test_a_session_emptied_of_its_data_keeps_its_row_and_cookie(site: Site) -> None:
    client = serve(site, touch)
    key = morsel(client.get("/")).value
    serve(site, lambda session: session.pop("hello"))
    response = client.get("/")
    assert morsel(response).value == key
    assert response.headers["Vary"] == "Cookie"
    (row,) = site.rows()
    with site.app.app_context():
        assert (row.session_key, row.get_decoded()) == (key, {})


def test_a_session_left_alone_sends_no_header(site: Site) -> None:
    client = serve(site, lambda _: "left alone")
    response = returning(client, store(site, hello="world")).get("/")
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers


def test_all_of_several_vary_headers_are_kept(site: Site) -> None:
    def vary_twice(session: DjangoSession) -> Response:
        response = make_response(touch(session))
        response.headers.add("Vary", "Accept-Encoding")
        response.headers.add("Vary", "Origin")
        return response

    vary = ", ".join(serve(site, vary_twice).get("/").headers.getlist("Vary"))
    assert sorted(vary.split(", ")) == ["Accept-Encoding", "Cookie", "Origin"]


def test_settings_of_the_cookie_are_read_at_each_request(site: Site) -> None:
    client = serve(site, touch)
    client.get("/")
    site.app.config.update(SESSION_COOKIE_NAME="visitor", SESSION_COOKIE_SAMESITE="Strict")
    header = client.get("/").headers["Set-Cookie"]
    assert header.startswith("visitor=")
    assert header.endswith("; SameSite=Strict")


def test_a_key_that_is_changed_counts_from_the_next_request_on(
    make_site: MakeSite, django: LiveDjango
) -> None:
    site = make_site(table=False)
    client = serve(site, look)
    key = store(site, hello="world")
    returning(client, key).get("/")  # so that the codec of the old key is made
    site.app.config["SECRET_KEY"] = "another"
    assert returning(client, key).get("/").text == "None"
    serve(site, touch)
    returning(client, key).get("/")
    with django.settings(SECRET_KEY="another"):
        assert django.store(key).load() == {"hello": "world"}
    assert django.store(key).load() == {}


def test_a_key_that_was_changed_reads_while_it_is_a_fallback(
    make_site: MakeSite, django: LiveDjango
) -> None:
    site = make_site(table=False)
    client = serve(site, look)
    key = store(site, hello="world")
    for fallbacks, seen in ([], "None"), (["older", SECRET_KEY], "world"), ([], "None"):
        config = {"SECRET_KEY": "another", "SECRET_KEY_FALLBACKS": fallbacks}
        site.app.config.update(config)
        with django.settings(**config):
            assert str(django.store(key).get("hello")) == seen
        assert returning(client, key).get("/").text == seen


@pytest.mark.parametrize("name", ["SESSION_COOKIE_PATH", "SESSION_COOKIE_DOMAIN"])
@pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"], ids=repr)
@pytest.mark.parametrize("view", [touch, end])
def test_a_setting_that_is_changed_adds_no_header_of_its_own(
    make_site: MakeSite, name: str, newline: str, view: Callable[[DjangoSession], str]
) -> None:
    site = make_site(TESTING=False)
    client = returning(serve(site, view), store(site, hello="before"))
    site.app.config[name] = f"a{newline}X-Header: b"
    response = client.get("/")
    assert response.status_code == 500
    assert not {"Set-Cookie", "X-Header"} & set(response.headers.keys())


def test_a_partitioned_cookie_says_so(make_site: MakeSite, clock: time_machine.Traveller) -> None:
    site = make_site(
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_SECURE=True,
    )
    header = serve(site, touch).get("/").headers["Set-Cookie"]
    assert header.endswith("; Path=/; SameSite=None; Secure; Partitioned")


# Interrupted: the row is deleted while the request runs


def interrupt(site: Site) -> TestResponse:
    """Visit a view whose session another request ends meanwhile."""
    key = store(site, hello="before")

    def view(session: DjangoSession) -> str:
        look(session)
        site.sessions.session(key).delete()
        return touch(session)

    return returning(serve(site, view), key).get("/")


def test_an_interrupted_request_is_answered_with_400(site: Site) -> None:
    response = interrupt(site)
    assert response.status_code == 400
    assert "session was deleted before the request completed" in response.text
    assert "Set-Cookie" not in response.headers
    assert "touched" not in response.text


def test_an_interrupted_session_does_not_come_back(site: Site) -> None:
    interrupt(site)
    assert site.rows() == []


@pytest.mark.parametrize("caught", [SessionInterrupted, 400, BadRequest])
def test_an_error_handler_makes_the_page_of_an_interrupted_request(site: Site, caught: Any) -> None:
    errors = []

    @site.app.errorhandler(caught)
    def explain(error: Exception) -> tuple[str, int]:
        errors.append(error)
        return "please log in again", 409

    response = interrupt(site)
    assert (response.status_code, response.text) == (409, "please log in again")
    assert "Set-Cookie" not in response.headers
    (error,) = errors
    assert isinstance(error, SessionInterrupted)
    assert isinstance(error, BadRequest)
    assert isinstance(error.__cause__, UpdateError)


def test_after_request_functions_see_the_page_of_an_interrupted_request(site: Site) -> None:
    @site.app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Status"] = str(response.status_code)
        return response

    response = interrupt(site)
    assert response.headers.getlist("X-Status") == ["400"]


def test_an_error_handler_that_writes_to_an_interrupted_session_stores_nothing(
    site: Site,
) -> None:
    @site.app.errorhandler(SessionInterrupted)
    def write_on(error: Exception) -> str:
        session["hello"] = "again"
        flash("you were logged out")
        return "written"

    response = interrupt(site)
    assert response.text == "written"
    assert "Set-Cookie" not in response.headers
    assert site.rows() == []


class Body:
    """The body of an answer, as that of send_file: it must be closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"private"

    def close(self) -> None:
        self.closed = True


def test_the_body_of_an_interrupted_answer_is_closed(site: Site) -> None:
    key, body = store(site), Body()

    def view(session: DjangoSession) -> Response:
        session["hello"] = "world"
        site.sessions.session(key).delete()
        return Response(body)

    response = returning(serve(site, view), key).get("/")
    response.close()
    assert "private" not in response.text
    assert body.closed


def test_the_page_for_an_interrupted_request_is_closed_once_it_is_sent(site: Site) -> None:
    body, closed = Body(), []

    @site.app.errorhandler(SessionInterrupted)
    def stream(error: Exception) -> Response:
        page = Response(body, 400)
        page.call_on_close(lambda: closed.append("the page's own"))
        return page

    response = interrupt(site)
    assert response.text == "private"
    response.close()
    assert body.closed
    assert closed == ["the page's own"]


def test_the_page_for_an_interrupted_file_may_be_streamed_text(site: Site) -> None:
    key = store(site)

    @site.app.errorhandler(SessionInterrupted)
    def stream(error: Exception) -> Response:
        return Response(iter(["logged", " out"]), 400)

    def view(session: DjangoSession) -> Response:
        session["hello"] = "world"
        site.sessions.session(key).delete()
        return Response(Body(), direct_passthrough=True)  # as send_file answers

    serve(site, view)
    environ = EnvironBuilder(headers=[("Cookie", f"sessionid={key}")]).get_environ()
    # As a server has it; Flask's test client would take text for bytes.
    assert b"".join(run_wsgi_app(site.app, environ)[0]) == b"logged out"


def test_a_header_of_an_interrupted_answer_is_dropped(site: Site) -> None:
    key = store(site)

    def view(session: DjangoSession) -> Response:
        session["hello"] = "world"
        site.sessions.session(key).delete()
        response = make_response("private", 200, {"X-Private": "yes"})
        response.set_cookie("other", "private")
        return response

    response = returning(serve(site, view), key).get("/")
    assert "X-Private" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_a_server_error_in_a_session_deleted_meanwhile_stays_what_it_is(site: Site) -> None:
    key = store(site)

    def view(session: DjangoSession) -> tuple[str, int]:
        look(session)
        site.sessions.session(key).delete()
        return touch(session), 503

    assert returning(serve(site, view), key).get("/").status_code == 503


def test_a_lost_save_on_an_answer_that_is_not_sent_is_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    key = store(site, hello="before")
    # As Flask-SocketIO does at each event.
    with site.app.test_request_context(headers={"Cookie": f"sessionid={key}"}):
        opened = session._get_current_object()  # type: ignore[attr-defined]
        opened["hello"] = "world"
        site.sessions.session(key).delete()
        site.app.session_interface.save_session(site.app, opened, site.app.response_class())
    (warning,) = warnings_of(caplog, site.app.logger.name)
    assert warning.startswith("A session was not saved, because it was deleted while its request")
    assert key not in warning
    assert site.rows() == []


def test_an_interrupted_request_is_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    interrupt(site)
    assert len(warnings_of(caplog, site.app.logger.name)) == 1


def test_a_session_saved_by_hand_in_a_copied_context_is_an_error_once_it_is_ended(
    site: Site,
) -> None:
    key = store(site)

    def view(opened: DjangoSession) -> str:
        opened["hello"] = "world"
        site.sessions.session(key).delete()
        save = copy_current_request_context(lambda: opened.save())
        with ThreadPoolExecutor(1) as pool, pytest.raises(UpdateError):
            pool.submit(save).result()
        opened.modified = False
        return "told"

    assert returning(serve(site, view), key).get("/").text == "told"
    assert site.rows() == []


def test_the_visitor_of_an_interrupted_request_begins_anew(site: Site) -> None:
    key = store(site)

    def view(session: DjangoSession) -> str:
        look(session)
        site.sessions.session(key).delete()
        return touch(session)

    client = returning(serve(site, view), key)
    assert client.get("/").status_code == 400
    serve(site, touch)
    response = client.get("/")
    assert response.status_code == 200
    assert morsel(response).value != key


# What cannot be stored, or would get lost


def fill_the_cart(session: DjangoSession) -> str:
    items = [{"price": "1"}, {"price": "2"}, {"price": Decimal("3.50")}]
    session["cart"] = {"items": items}
    return "filled"


def test_what_json_cannot_hold_is_named_with_its_path(site: Site) -> None:
    client = serve(site, fill_the_cart)
    with pytest.raises(EncodeError, match=r"^cart\.items\[2\]\.price is a Decimal") as caught:
        client.get("/")
    assert caught.value.path == "cart.items[2].price"
    assert "3.50" not in str(caught.value)


def test_what_json_cannot_hold_is_a_server_error(make_site: MakeSite) -> None:
    site = make_site(PROPAGATE_EXCEPTIONS=False)
    response = serve(site, fill_the_cart).get("/")
    assert response.status_code == 500
    assert "Set-Cookie" not in response.headers
    assert site.rows() == []


def test_what_json_cannot_hold_leaves_the_row_as_it_was(make_site: MakeSite) -> None:
    site = make_site(PROPAGATE_EXCEPTIONS=False)
    key = store(site, cart={"items": []})
    (before,) = site.rows()
    assert returning(serve(site, fill_the_cart), key).get("/").status_code == 500
    (after,) = site.rows()
    assert (after.session_data, after.expire_date) == (before.session_data, before.expire_date)


def change_in_place(session: DjangoSession) -> str:
    session["cart"]["items"].append("cat food")
    return "filled"


def warnings_of(caplog: pytest.LogCaptureFixture, name: str) -> list[str]:
    """Return what was logged as a warning on the logger of that name."""
    return [record.getMessage() for record in caplog.records if record.name == name]


def test_debug_mode_warns_of_data_changed_in_place(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.app.debug = True
    key = store(site, cart={"items": []}, hello="world")
    response = returning(serve(site, change_in_place), key).get("/")
    assert "Set-Cookie" not in response.headers
    (warning,) = warnings_of(caplog, site.app.logger.name)
    assert warning.startswith("The session's 'cart' changed in place and will not be saved.")
    assert "cat food" not in warning


def test_debug_mode_warns_of_an_item_that_came_in_past_the_session(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.app.debug = True

    def put(session: DjangoSession) -> str:
        session._session["new"] = 1
        return "put"

    returning(serve(site, put), store(site, hello="world")).get("/")
    (warning,) = warnings_of(caplog, site.app.logger.name)
    assert warning.startswith("The session's 'new' changed in place")


def test_no_warning_of_data_changed_in_place_outside_debug_mode(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    key = store(site, cart={"items": []})
    returning(serve(site, change_in_place), key).get("/")
    assert caplog.records == []


def test_no_warning_where_the_change_is_saved(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.app.debug = True

    def change(session: DjangoSession) -> str:
        session.modified = True
        return change_in_place(session)

    key = store(site, cart={"items": []})
    returning(serve(site, change), key).get("/")
    assert caplog.records == []
    assert site.sessions.session(key)["cart"] == {"items": ["cat food"]}


@pytest.mark.parametrize("view", [look, touch, lambda _: "", end])
def test_no_warning_where_nothing_is_changed_in_place(
    site: Site, caplog: pytest.LogCaptureFixture, view: Callable[[DjangoSession], str]
) -> None:
    site.app.debug = True
    returning(serve(site, view), store(site, cart={"items": []})).get("/")
    assert caplog.records == []


def test_what_a_view_saves_itself_is_no_change_in_place(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.app.debug = True

    def save(session: DjangoSession) -> str:
        session["added"] = [1]
        session.save()
        session.modified = False
        return "saved"

    returning(serve(site, save), store(site, hello="world")).get("/")
    assert caplog.records == []


ITSELF: list[Any] = []
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    "value",
    [math.nan, [math.nan], Decimal("sNaN"), [Decimal("NaN")], ITSELF],
    ids=["NaN", "NaN in a list", "signalling NaN", "decimal NaN in a list", "itself"],
)
def test_no_warning_where_values_do_not_even_equal_themselves(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    site = make_site(SESSION_SERIALIZER="pickle", DEBUG=True)
    returning(serve(site, look), store(site, a=value)).get("/")
    assert caplog.records == []


class _Unlike:
    """Lets itself be neither copied nor compared."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise LookupError("a copy of it")

    __eq__ = __deepcopy__
    __hash__ = None  # type: ignore[assignment]


class _OwnSerializer(JSONSerializer):
    def loads(self, data: bytes) -> Any:
        return {"a": _Unlike()}


def test_debug_mode_bears_data_that_cannot_be_copied(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(SESSION_SERIALIZER=_OwnSerializer, DEBUG=True)
    assert returning(serve(site, look), store(site, a=1)).get("/").status_code == 200
    assert caplog.records == []


def test_no_warning_where_the_view_saves_the_change_itself(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.app.debug = True

    def change(session: DjangoSession) -> str:
        change_in_place(session)
        session.save()
        return "saved"

    key = store(site, cart={"items": []})
    returning(serve(site, change), key).get("/")
    assert site.sessions.session(key)["cart"] == {"items": ["cat food"]}
    assert caplog.records == []


class Array:
    """Answers a comparison with an array, as those of numpy do."""

    def __eq__(self, other: object) -> Any:
        return Array()

    def __bool__(self) -> bool:
        raise ValueError("the truth of an array is ambiguous")

    __hash__ = None  # type: ignore[assignment]


def nested(depth: int) -> list[Any]:
    value: list[Any] = [float("nan")]
    for _ in range(depth):
        value = [value]
    return value


def replace(value: Any) -> Callable[[Any], Any]:
    """Return what puts *value* in the place of an item."""
    return lambda item: value


#: what is stored, what a view makes of it in place, and whether that is another thing to store
IN_PLACE: dict[str, tuple[Any, Callable[[Any], Any], bool]] = {
    "a NaN": (float("nan"), lambda item: item, False),
    "another NaN": ([float("nan")], lambda item: [float("nan")], False),
    "NaN in data": ({"a": [float("nan"), 1]}, lambda item: item, False),
    "NaN, deep": (nested(90), lambda item: item, False),
    "NaN, too deep to be copied": (nested(600), lambda item: item, False),
    "a tuple of the same": ([1, 2], replace((1, 2)), False),
    "text of another kind": ("a", replace(Markup("a")), False),
    "1 and True": (1, replace(True), True),
    "1 and 1.0": ([1], replace([1.0]), True),
    "0.0 and -0.0": (0.0, replace(-0.0), True),
    "another order": ({"a": 1, "b": 2}, replace({"b": 2, "a": 1}), True),
    "an array": ([1], replace(Array()), True),
    "an array in data": ({"a": 1}, replace({"a": Array()}), True),
}


def told_of(site: Site, caplog: Any, before: Any, change: Callable[[Any], Any]) -> bool:
    """Return whether a view that changes the stored value *before* in place is told so."""
    site.app.debug = True

    def view(session: DjangoSession) -> str:
        session["box"][0] = change(session["box"][0])
        return ""

    response = returning(serve(site, view), store(site, box=[before])).get("/")
    assert response.status_code == 200
    told = warnings_of(caplog, site.app.logger.name)
    assert [warning.partition(" changed")[0] for warning in told] in ([], ["The session's 'box'"])
    return bool(told)


@pytest.mark.parametrize(("before", "change", "is_told"), IN_PLACE.values(), ids=IN_PLACE)
def test_what_would_be_stored_tells_whether_data_changed_in_place(
    site: Site,
    caplog: pytest.LogCaptureFixture,
    before: Any,
    change: Callable[[Any], Any],
    is_told: bool,
) -> None:
    assert told_of(site, caplog, before, change) is is_told


def test_a_nan_that_is_only_read_is_not_taken_for_a_change(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.app.debug = True
    key = store(site, ratio=float("nan"))
    assert returning(serve(site, look), key).get("/").status_code == 200
    assert caplog.records == []


@pytest.mark.parametrize(
    "value", [float("nan"), {"a", "b", "c"}, (1, [b"x"])], ids=["nan", "set", "tuple"]
)
def test_what_is_only_read_of_a_pickle_is_not_taken_for_a_change(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    site = make_site(SESSION_SERIALIZER="pickle")
    assert not told_of(site, caplog, value, lambda item: item)
    assert told_of(site, caplog, value, lambda item: [item])


def test_debug_mode_lets_a_view_drop_the_loaded_data(site: Site) -> None:
    site.app.debug = True

    def drop(session: DjangoSession) -> str:
        look(session)
        del session._session_cache  # so that Django's own tests see the row anew
        return "dropped"

    assert returning(serve(site, drop), store(site, hello="world")).get("/").text == "dropped"


#: what it is, the reason that is logged, and the text
CORRUPT: list[tuple[str, str, object]] = [
    ("bytes, which SQLite can hold", "base64", b"hello:1xVIM1:world"),
    ("a number, which SQLite can hold", "base64", 7),
    ("no signature", "base64", "hello"),
    ("empty", "signature", ""),
    ("only colons", "signature", "::"),
    (
        "signed with another key",
        "signature",
        SessionCodec("another key").encode({"hello": "world"}, NOW),
    ),
    (
        "signed with another salt",
        "signature",
        dumps({"hello": "world"}, key=SECRET_KEY, salt="another salt"),
    ),
    (
        "a longer signature",
        "signature",
        SessionCodec(SECRET_KEY).encode({"hello": "world"}, NOW) + "=",
    ),
    (
        "another time",
        "signature",
        re.sub(":.*:", ":1xVIM1:", SessionCodec(SECRET_KEY).encode({"hello": "world"}, NOW)),
    ),
    ("not ASCII", "signature", "привет:1xVIM1:мир"),
    ("no base64", "base64", TimestampSigner(key=SECRET_KEY, salt=SESSION_SALT).sign("hello")),
    ("no zlib", "zlib", TimestampSigner(key=SECRET_KEY, salt=SESSION_SALT).sign(".aGVsbG8")),
    ("no JSON", "json", TimestampSigner(key=SECRET_KEY, salt=SESSION_SALT).sign("aGVsbG8")),
    ("a list", "json", dumps(["hello"], key=SECRET_KEY, salt=SESSION_SALT)),
    ("the old form with a wrong signature", "signature", "MDAwMDp7ImhlbGxvIjoid29ybGQifQ=="),
]


@pytest.mark.parametrize(
    ("reason", "text"), [each[1:] for each in CORRUPT], ids=[each[0] for each in CORRUPT]
)
def test_a_corrupted_row_reads_as_an_empty_session_and_is_logged_once_with_the_reason(
    site: Site, caplog: pytest.LogCaptureFixture, reason: str, text: object
) -> None:
    key = store(site)
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE django_session SET session_data = :text"), {"text": text}
        )
    view = lambda session: f"{dict(session)} {look(session)} {look(session)}"  # noqa: E731
    assert returning(serve(site, view), key).get("/").text == "{} None None"
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("django.security.SuspiciousSession", "WARNING")
    assert record.getMessage() == f"Session data corrupted ({reason})"
    assert record.exc_info is None


def test_a_corrupted_row_is_mended_by_the_next_write(
    site: Site, django_session: MakeSession
) -> None:
    key = django_session(n=1, corrupted=True)
    response = returning(serve(site, touch), key).get("/")
    assert morsel(response).value == key
    assert site.sessions.session(key).load() == {"hello": "world"}


# In Flask


def test_the_session_of_the_request_is_flasks(site: Site) -> None:
    def view() -> str:
        return str(request_session() is session._get_current_object())  # type: ignore[attr-defined]

    assert serve_plain(site, view).get("/").text == "True"


def test_flasks_proxy_counts_as_access_where_djangos_session_does_not(
    make_site: MakeSite, django: LiveDjango
) -> None:
    site = make_site(table=False)

    # Unlike Django: Flask marks the session whenever its proxy is touched.
    def key_by_proxy() -> str:
        return str(session.session_key)  # type: ignore[attr-defined]

    assert serve_plain(site, key_by_proxy).get("/").headers["Vary"] == "Cookie"
    with django.view(lambda request: HttpResponse(str(request.session.session_key))):
        assert "Vary" not in django.client().get("/").headers


def test_a_template_that_shows_nothing_of_the_session_is_no_access(site: Site) -> None:
    client = serve_plain(site, lambda: render_template_string("hello"))
    response = client.get("/")
    assert response.text == "hello"
    assert "Vary" not in response.headers


def test_a_template_reads_the_session(site: Site) -> None:
    client = serve_plain(site, lambda: render_template_string("{{ session.hello }}"))
    response = returning(client, store(site, hello="world")).get("/")
    assert response.text == "world"
    assert response.headers["Vary"] == "Cookie"


def test_a_session_transaction_writes_what_the_view_reads(site: Site) -> None:
    client = serve(site, look)
    with client.session_transaction() as transaction:
        transaction["hello"] = "world"
    assert client.get("/").text == "world"
    assert len(site.rows()) == 1


def test_a_session_transaction_reads_and_changes_what_the_view_wrote(site: Site) -> None:
    client = serve(site, touch)
    client.get("/")
    with client.session_transaction() as transaction:
        assert transaction["hello"] == "world"
        transaction["hello"] = "again"
    serve(site, look)
    assert client.get("/").text == "again"
    assert len(site.rows()) == 1


def test_a_session_transaction_of_an_ended_session_is_interrupted(site: Site) -> None:
    key = store(site, hello="world")
    transaction = returning(serve(site, look), key).session_transaction()
    transaction.__enter__()["hello"] = "again"
    site.sessions.session(key).delete()
    with pytest.raises(SessionInterrupted):
        transaction.__exit__(None, None, None)
    assert site.rows() == []


def flash_both() -> str:
    flash("saved")
    flash("full", "error")
    return "flashed"


def test_flashed_messages_are_shown_once(site: Site) -> None:
    site.app.add_url_rule("/flash", view_func=flash_both)
    client = serve_plain(site, lambda: str(get_flashed_messages()))
    assert client.get("/flash").text == "flashed"
    assert [client.get("/").text, client.get("/").text] == ["['saved', 'full']", "[]"]


def test_flashed_messages_are_filtered_by_category(site: Site) -> None:
    site.app.add_url_rule("/flash", view_func=flash_both)
    client = serve_plain(site, lambda: str(get_flashed_messages(category_filter=["error"])))
    client.get("/flash")
    assert client.get("/").text == "['full']"


def test_flashed_messages_are_shown_with_their_categories(site: Site) -> None:
    site.app.add_url_rule("/flash", view_func=flash_both)
    template = (
        "{% for category, message in get_flashed_messages(with_categories=true) %}"
        "{{ category }}: {{ message }}. {% endfor %}"
    )
    client = serve_plain(site, lambda: render_template_string(template))
    client.get("/flash")
    assert client.get("/").text == "message: saved. error: full. "


def test_a_request_inside_a_request_has_a_session_of_its_own(site: Site) -> None:
    def view() -> str:
        session["hello"] = "outer"
        with site.app.test_request_context("/inner"):
            assert "hello" not in session
            session["hello"] = "inner"
            assert request_session() is session._get_current_object()  # type: ignore[attr-defined]
        return str(session["hello"])

    assert serve_plain(site, view).get("/").text == "outer"
    (row,) = site.rows()
    with site.app.app_context():
        assert row.get_decoded() == {"hello": "outer"}


def test_a_client_inside_a_request_saves_each_session_once(site: Site) -> None:
    site.app.add_url_rule("/inner", view_func=lambda: touch(request_session()))

    def outer() -> str:
        session["hello"] = "outer"
        assert site.client.get("/inner").text == "touched"
        return str(session["hello"])

    assert serve_plain(site, outer).get("/").text == "outer"
    with site.app.app_context():
        saved = sorted(row.get_decoded()["hello"] for row in site.rows())
    assert saved == ["outer", "world"]


def test_a_stream_reads_the_session_of_its_request(site: Site) -> None:
    def view() -> Response:
        session["hello"] = "world"

        def stream() -> Iterator[str]:
            yield "hello "
            yield session["hello"]

        return Response(stream_with_context(stream()))

    response = serve_plain(site, view).get("/")
    assert response.text == "hello world"
    assert len(site.rows()) == 1
    assert response.headers["Vary"] == "Cookie"


def test_an_async_view_reads_and_writes_the_session(site: Site) -> None:
    async def view() -> str:
        session["num_visits"] = session.get("num_visits", 0) + 1
        return str(session["num_visits"])

    client = serve_plain(site, view)
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert len(site.rows()) == 1


def test_before_and_after_request_functions_use_the_views_session(site: Site) -> None:
    @site.app.before_request
    def before() -> None:
        session["steps"] = ["before"]

    @site.app.after_request
    def after(response: Response) -> Response:
        session["steps"] = [*session["steps"], "after"]
        return response

    serve(site, look).get("/")
    (row,) = site.rows()
    with site.app.app_context():
        assert row.get_decoded() == {"steps": ["before", "after"]}


def test_permanent_false_sends_a_cookie_until_browser_close(site: Site) -> None:
    def view() -> str:
        session.permanent = False
        return ""

    header = serve_plain(site, view).get("/").headers["Set-Cookie"]
    assert "Max-Age" not in header
    assert "expires" not in header


# How many statements a request costs


@pytest.fixture
def statements(site: Site) -> list[str]:
    """Return a list that every statement on the app's database is added to."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement.split()[0])

    with site.app.app_context():
        sa.event.listen(site.db.engine, "before_cursor_execute", note)
    return seen


def test_keys_are_derived_once_and_not_for_each_request(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(site, touch)
    client.get("/")
    key = store(site, hello="before")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("derived again")

    monkeypatch.setattr(SessionCodec, "__init__", refuse)
    monkeypatch.setattr(Signer, "__init__", refuse)
    assert client.get("/").text == "touched"
    assert site.client.get("/").text == "touched"
    assert returning(serve(site, look), key).get("/").text == "before"


def clear_only(session: DjangoSession) -> str:
    session.clear()
    return "cleared"


def log_in(session: DjangoSession) -> str:
    session.cycle_key()
    return "logged in"


def stay_away(session: DjangoSession) -> str:
    return "left alone"


COSTS: dict[str, tuple[Callable[[DjangoSession], str], list[str]]] = {
    "untouched": (stay_away, []),
    "read": (look, ["SELECT"]),
    "read twice": (lambda session: look(session) + look(session), ["SELECT"]),
    "write": (touch, ["SELECT", "UPDATE"]),
    "clear": (clear_only, ["UPDATE"]),
    "flush": (end, ["DELETE"]),
    "cycle key": (log_in, ["SELECT", "INSERT", "DELETE", "UPDATE"]),
}


@pytest.mark.parametrize(("view", "cost"), COSTS.values(), ids=COSTS)
def test_a_returning_visitor_costs(
    site: Site,
    statements: list[str],
    view: Callable[[DjangoSession], str],
    cost: list[str],
) -> None:
    client = returning(serve(site, view), store(site, hello="world"))
    statements.clear()
    assert client.get("/").status_code == 200
    assert statements == cost


@pytest.mark.parametrize(
    ("view", "cost"),
    [(stay_away, []), (look, []), (touch, ["INSERT"])],
    ids=["away", "look", "touch"],
)
def test_a_new_visitor_costs(
    site: Site,
    statements: list[str],
    view: Callable[[DjangoSession], str],
    cost: list[str],
) -> None:
    statements.clear()
    serve(site, view).get("/")
    assert statements == cost


UNUSABLE = {
    "empty": "",
    "too short": "1234567",
    "too long": "x" * 41,
    "much too long": "x" * 4000,
    "backslashes in quotes": '"' + "\\" * 4000 + '"',
    "a space": '"with a space"',
    "a control character": '"12345678\\033"',
    "NUL": '"12345678\\000"',
    "not ASCII": "ключключ",
}


@pytest.mark.parametrize("cookie", UNUSABLE.values(), ids=UNUSABLE)
def test_a_cookie_that_can_be_no_key_costs_no_query(
    site: Site, statements: list[str], cookie: str
) -> None:
    serve(site, look)
    statements.clear()
    # A server hands on the bytes of a header as latin-1.
    headers = {"Cookie": f"sessionid={cookie}".encode().decode("latin-1")}
    response = site.app.test_client(use_cookies=False).get("/", headers=headers)
    assert (response.status_code, response.text) == (200, "None")
    assert statements == []


@pytest.mark.parametrize("cookie", UNUSABLE.values(), ids=UNUSABLE)
def test_a_cookie_that_can_be_no_key_is_replaced_by_a_write(site: Site, cookie: str) -> None:
    serve(site, touch)
    headers = {"Cookie": f"sessionid={cookie}".encode().decode("latin-1")}
    response = site.app.test_client(use_cookies=False).get("/", headers=headers)
    (row,) = site.rows()
    assert morsel(response).value == row.session_key


@pytest.mark.parametrize("cookie", UNUSABLE.values(), ids=UNUSABLE)
def test_clearing_a_session_whose_cookie_can_be_no_key_is_no_error(site: Site, cookie: str) -> None:
    serve(site, clear)
    headers = {"Cookie": f"sessionid={cookie}".encode().decode("latin-1")}
    response = site.app.test_client(use_cookies=False).get("/", headers=headers)
    assert response.status_code == 200
