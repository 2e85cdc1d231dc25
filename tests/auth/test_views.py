"""Views for some only: where the others are sent, as Django sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import flask_login
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.functional import SimpleLazyObject, lazy
from flask import Blueprint, Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_dj_session.auth.flask_login import DjangoLoginManager
from flask_dj_session.auth.redirects import with_next
from flask_dj_session.errors import SettingError

from ..live_django import LiveDjango
from .conftest import AuthSite, MakeAuth

pytestmark = pytest.mark.slow

MakeView = Callable[[Any], Any]

PATHS = [
    "/secret",
    "/secret?a=1&b=%2F",
    "/secret?next=/elsewhere",
    "/secret?q=a b+c%20d&ž=ů",
    "/secret/ž/ů",
    "/secret/a;b=c,d@e:f$g'(h)*!~",
    "/secret/%3F%23%25",
    "/secret?url=http://evil.example/",
]
LOGIN_URLS = [
    "/accounts/login/",
    "/login?lang=cs",
    "/login?next=/other&x=1&x=2&empty=",
    "http://localhost/login",
    "https://localhost/login",
    "https://id.example.org/login#top",
    "//id.example.org/login",
    "./login",
    "login.html",
    "accounts/login",
]


@pytest.fixture
def secret(flask: AuthSite) -> Flask:
    """Return an app with a view for those who are logged in."""

    @flask.app.get("/secret", defaults={"rest": ""})
    @flask.app.get("/secret/<path:rest>")
    @flask.auth.login_required
    def secret(rest: str) -> str:
        return f"secret of {flask.auth.current_user}"

    @flask.app.get("/login-page", endpoint="login_page")
    def login_page() -> str:
        return "please log in"

    return flask.app


def _get(app: Flask, path: str, **options: Any) -> TestResponse:
    return app.test_client().get(path, **options)


@pytest.mark.parametrize("login_url", LOGIN_URLS)
def test_the_way_to_the_login_page_and_back_is_djangos(
    secret: Flask, live: LiveDjango, login_url: str
) -> None:
    secret.config["LOGIN_URL"] = login_url
    for path in PATHS:
        with live.settings(LOGIN_URL=login_url, ROOT_URLCONF="tests.auth.urls"):
            theirs = live.client().get(path, headers={"host": "localhost"})
        ours = _get(secret, path)
        assert (ours.status_code, theirs.status_code) == (302, 302), path
        assert ours.headers["Location"] == theirs["Location"], path


def test_behind_a_prefix_the_way_back_has_it(secret: Flask) -> None:
    response = _get(secret, "/secret", environ_overrides={"SCRIPT_NAME": "/shop"})
    assert response.headers["Location"] == "/accounts/login/?next=/shop/secret"


def test_an_endpoint_may_be_the_login_page(secret: Flask) -> None:
    secret.config["LOGIN_URL"] = "login_page"
    assert _get(secret, "/secret").headers["Location"] == "/login-page?next=/secret"


def test_an_endpoint_with_a_dot_is_one_and_no_url(secret: Flask) -> None:
    pages = Blueprint("pages", __name__, url_prefix="/pages")
    pages.add_url_rule("/in", "login", lambda: "please log in")
    secret.register_blueprint(pages)
    secret.config["LOGIN_URL"] = "pages.login"
    assert _get(secret, "/secret").headers["Location"] == "/pages/in?next=/secret"
    secret.config["LOGIN_URL"] = "pages.logout"
    assert _get(secret, "/secret").headers["Location"] == "pages.logout?next=/secret"


def test_the_name_of_a_page_of_djangos_is_refused(secret: Flask) -> None:
    secret.config["LOGIN_URL"] = "account_login"
    with pytest.raises(SettingError, match="'account_login', neither a path nor an endpoint"):
        _get(secret, "/secret")


def _fail() -> str:
    raise ImproperlyConfigured("Django is not set up")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (reverse_lazy("nowhere"), "is lazy, and evaluating it here fails with NoReverseMatch"),
        (lazy(_fail, str)(), "is lazy, and evaluating it here fails with ImproperlyConfigured"),
        (SimpleLazyObject(_fail), "is lazy, and evaluating it here fails with ImproperlyConf"),
        (object(), "is a object, which is neither a path nor an endpoint"),
        (_fail, "is a function, which is neither a path nor an endpoint"),
        ("accounts:login", "is 'accounts:login', neither a path nor an endpoint"),
    ],
    ids=["unknown", "lazy", "lazy object", "object", "function", "name"],
)
def test_what_leads_nowhere_here_is_refused_where_it_is_needed(
    make_auth: MakeAuth, url: Any, problem: str
) -> None:
    flask = make_auth(tables=False, config={"LOGIN_URL": url})
    DjangoLoginManager(flask.app)
    _view(flask, "/page", flask.auth.login_required)
    flask.app.add_url_rule("/theirs", "theirs", flask_login.login_required(lambda: "seen"))
    assert _get(flask.app, "/who").text == "AnonymousUser"
    with pytest.raises(SettingError, match=f"^'LOGIN_URL' {problem}.* give its path"):
        _get(flask.app, "/page")
    if "endpoint" not in problem:  # what Flask-Login itself says
        with pytest.raises(SettingError, match=f"^'LOGIN_URL' {problem}"):
            _get(flask.app, "/theirs")


def test_a_lazy_url_leads_where_it_does_in_django(make_auth: MakeAuth, live: LiveDjango) -> None:
    flask = make_auth(tables=False, config={"LOGIN_URL": reverse_lazy("secret")})
    DjangoLoginManager(flask.app)
    _view(flask, "/page", flask.auth.login_required)
    _view(flask, "/other", flask.auth.login_required(login_url=reverse_lazy("secret")))
    flask.app.add_url_rule("/theirs", "theirs", flask_login.login_required(lambda: "seen"))
    with live.settings(ROOT_URLCONF="tests.auth.urls"):
        assert _get(flask.app, "/page").headers["Location"] == "/secret?next=/page"
        assert _get(flask.app, "/other").headers["Location"] == "/secret?next=/other"
        assert _get(flask.app, "/theirs").headers["Location"] == "/secret?next=%2Ftheirs"


def test_an_object_that_knows_its_url_leads_there_as_in_django(flask: AuthSite) -> None:
    class Page:
        def get_absolute_url(self) -> str:
            return "/its/page"

    flask.app.config["LOGIN_URL"] = Page()
    _view(flask, "/page", flask.auth.login_required)
    assert _get(flask.app, "/page").headers["Location"] == "/its/page?next=/page"


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_login_page_it_is_status_401(secret: Flask, nothing: str | None) -> None:
    secret.config["LOGIN_URL"] = nothing
    assert _get(secret, "/secret").status_code == 401


def test_who_is_logged_in_sees_the_page(flask: AuthSite, secret: Flask) -> None:
    client = secret.test_client()
    with flask.app.app_context():
        flask.auth.create_user("ann", password="x")
    client.get("/in?name=ann&password=x")
    assert client.get("/secret").text == "secret of ann"


def _view(flask: AuthSite, path: str, guard: MakeView) -> None:
    flask.app.add_url_rule(path, path, guard(lambda: "seen"))


def _as(flask: AuthSite, path: str, **columns: Any) -> TestResponse:
    """Ask for a page as a new user."""
    client = flask.app.test_client()
    with flask.app.app_context():
        flask.auth.create_user("ann", password="x", **columns)
    client.get("/in?name=ann&password=x")
    return client.get(path)


def test_arguments_of_login_required_are_djangos(flask: AuthSite) -> None:
    required = flask.auth.login_required(redirect_field_name="to", login_url="/here")
    _view(flask, "/page", required)
    _view(flask, "/other", flask.auth.login_required(redirect_field_name=""))
    assert _get(flask.app, "/page").headers["Location"] == "/here?to=/page"
    assert _get(flask.app, "/other").headers["Location"] == "/accounts/login/"


def test_without_the_permission_one_is_sent_to_the_login_page(flask: AuthSite) -> None:
    _view(flask, "/page", flask.auth.permission_required("shop.add_order"))
    for response in (_get(flask.app, "/page"), _as(flask, "/page")):
        assert response.headers["Location"] == "/accounts/login/?next=/page"


def test_or_is_refused_where_that_is_asked_for(flask: AuthSite) -> None:
    required = flask.auth.permission_required("shop.add_order", raise_exception=True)
    _view(flask, "/page", required)
    assert _get(flask.app, "/page").status_code == 403
    assert _as(flask, "/page").status_code == 403


def test_who_may_do_all_sees_the_page(flask: AuthSite) -> None:
    _view(flask, "/page", flask.auth.permission_required(["shop.add_order", "shop.x"]))
    assert _as(flask, "/page", is_superuser=True).text == "seen"


def test_without_a_login_page_who_may_not_is_status_403(make_auth: MakeAuth) -> None:
    flask = make_auth(login_url=None)
    _view(flask, "/page", flask.auth.permission_required("shop.add_order"))
    assert _get(flask.app, "/page").status_code == 401
    assert _as(flask, "/page").status_code == 403


def test_any_test_may_decide(flask: AuthSite) -> None:
    of_ann = flask.auth.user_passes_test(lambda user: str(user).startswith("a"))
    _view(flask, "/page", of_ann)
    assert _get(flask.app, "/page").status_code == 302
    assert _as(flask, "/page").text == "seen"


@pytest.mark.parametrize("columns", [{}, {"is_staff": True}, {"is_superuser": True}], ids=str)
def test_a_test_decides_about_everybody(flask: AuthSite, columns: dict[str, Any]) -> None:
    _view(flask, "/page", flask.auth.user_passes_test(lambda user: not user.is_authenticated))
    assert _get(flask.app, "/page").text == "seen"
    assert _as(flask, "/page", **columns).status_code == 302


def test_who_is_logged_in_but_not_active_sees_the_page_as_in_django(make_auth: MakeAuth) -> None:
    everybody = "django.contrib.auth.backends.AllowAllUsersModelBackend"
    flask = make_auth(authentication_backends=[everybody])
    _view(flask, "/page", flask.auth.login_required)
    assert _as(flask, "/page", is_active=False).text == "seen"


def test_views_may_be_async(flask: AuthSite) -> None:
    async def page() -> str:
        return f"seen by {flask.auth.current_user}"

    flask.app.add_url_rule("/page", "page", flask.auth.login_required(page))
    assert _get(flask.app, "/page").status_code == 302
    assert _as(flask, "/page").text == "seen by ann"


@given(target=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_whatever_is_the_way_back_comes_back_whole(target: str) -> None:
    url = with_next("/login?a=1", target, "next")
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("a", "1"), ("next", target)]
