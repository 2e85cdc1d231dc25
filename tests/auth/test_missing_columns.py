"""Users without a password, a name or flags: what Django does, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib import auth as django_auth
from django.contrib.auth.models import update_last_login
from django.http import HttpRequest, HttpResponse
from sqlalchemy.orm import mapped_column

from flask_dj_session.auth import DjangoAuth, UserMixin
from flask_dj_session.errors import MissingUserColumnError

from ..conftest import MakeSite
from ..live_django import LiveDjango
from .conftest import PASSWORD, AuthSite, MakeAuth, Visitor, quick_hashers
from .test_models import project_with
from .test_verification import MODEL


@contextmanager
def _without_last_login() -> Iterator[None]:
    """Let Django store no time of a login, as in a project whose model has no such field."""
    signal, name = django_auth.user_logged_in, "update_last_login"
    signal.disconnect(dispatch_uid=name)
    yield
    signal.connect(update_last_login, dispatch_uid=name)


def _log_in_with_django(visitor: Visitor, live: LiveDjango, user: Any) -> None:
    """Log *user* in whom no password proves."""

    def log_in(request: HttpRequest) -> HttpResponse:
        django_auth.login(request, user, backend=MODEL)
        return HttpResponse()

    client = live.client()
    with live.view(log_in), _without_last_login():
        client.get("/")
    visitor.key = client.cookies["sessionid"].value


@pytest.fixture
def keyless(make_auth: MakeAuth) -> AuthSite:
    """Return an app whose users have neither password nor flags."""
    make_auth()
    return make_auth(tables=False, auth_user_model="shop.Keyless", username_field="email")


def test_a_user_without_a_password_is_known_as_in_django(
    keyless: AuthSite, live: LiveDjango
) -> None:
    visitor = Visitor(keyless.app, live)
    with project_with(live, "Keyless") as model:
        _log_in_with_django(visitor, live, model.objects.create(email="a@example.org"))
        assert visitor.on_flask("who") == visitor.on_django("who") == "a@example.org"


def test_a_login_of_such_a_user_is_one_in_django(keyless: AuthSite, live: LiveDjango) -> None:
    with project_with(live, "Keyless") as model:
        model.objects.create(email="a@example.org")
        visitor = Visitor(keyless.app, live)

        @keyless.app.get("/trust")
        def trust() -> str:
            keyless.auth.login(keyless.auth.get_by_natural_key("a@example.org"))
            return "done"

        visitor.on_flask("trust")
        assert visitor.on_django("who") == visitor.on_flask("who") == "a@example.org"


def test_what_such_a_user_has_not_is_as_in_django(keyless: AuthSite, live: LiveDjango) -> None:
    with project_with(live, "Keyless") as model:
        theirs = model.objects.create(email="a@example.org")
        with keyless.app.app_context():
            ours = keyless.auth.get_user(theirs.pk)
            assert ours.is_active is theirs.is_active is True
            assert ours.has_usable_password() is theirs.has_usable_password()
            assert ours.get_session_auth_hash() == theirs.get_session_auth_hash()
            assert ours.check_password("x") is False
            assert keyless.auth.authenticate("a@example.org", "None") is None
            assert not ours.has_perm("shop.edit")
            assert ours.get_group_names() == set()


def test_a_password_for_such_a_user_is_refused_with_the_reason(
    keyless: AuthSite, live: LiveDjango
) -> None:
    with project_with(live, "Keyless"), keyless.app.app_context():
        user = keyless.auth.create_user("a@example.org")
        message = r"Table 'shop_keyless' has no column 'password'\. The table has: 'id', 'email'\."
        with pytest.raises(MissingUserColumnError, match=message):
            keyless.auth.set_password(user, "x")
        with pytest.raises(MissingUserColumnError, match=message):
            keyless.auth.create_user("b@example.org", password="x")
        with pytest.raises(MissingUserColumnError, match="no column 'phone'"):
            keyless.auth.create_user("b@example.org", phone="12")


def test_a_password_that_is_null_is_no_error(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Lax")
    visitor = Visitor(flask.app, live)
    with project_with(live, "Lax") as model:
        ann = model.objects.create(username="ann", password=None)
        _log_in_with_django(visitor, live, ann)
        assert visitor.on_flask("who") == visitor.on_django("who") == "ann"
        for password in ("", "None", PASSWORD):
            assert visitor.on_flask("in", name="ann", password=password) == "refused"
        with flask.app.app_context():
            ours = flask.auth.get_by_natural_key("ann")
            assert ours.has_usable_password() is ann.has_usable_password()
            flask.auth.set_password(ours, PASSWORD)
        visitor.key = None
        assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"
        assert visitor.on_django("who") == "ann"


def test_without_the_name_to_log_in_with_it_is_said_what_to_give(
    make_auth: MakeAuth, live: LiveDjango
) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Keyless")
    visitor = Visitor(flask.app, live)
    message = r"Table 'shop_keyless' has no column 'username'\. Give .*username_field=\"email\""
    with project_with(live, "Keyless") as model:
        _log_in_with_django(visitor, live, model.objects.create(email="a@example.org"))
        with flask.app.test_request_context(headers={"Cookie": f"sessionid={visitor.key}"}):
            assert flask.auth.current_user.is_authenticated  # which needs no name
            with pytest.raises(MissingUserColumnError, match=message):
                str(flask.auth.current_user)
            with pytest.raises(MissingUserColumnError, match=message):
                flask.auth.authenticate("ann", "x")
            with pytest.raises(MissingUserColumnError, match=message):
                flask.auth.create_user("ann")


def test_a_mapped_class_without_them_says_the_same(make_site: MakeSite) -> None:
    site = make_site()

    class Nobody(UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
        __tablename__ = "nobody"
        id = mapped_column(sa.Integer, primary_key=True)

    auth = DjangoAuth(site.sessions, hashers=quick_hashers(), user_model=Nobody)
    with site.app.app_context():
        user = Nobody(id=1)
        assert user.get_session_auth_hash() == Nobody(id=2).get_session_auth_hash()
        assert user.is_active is True
        with pytest.raises(MissingUserColumnError, match="'nobody' has no column 'username'"):
            user.get_username()
        with pytest.raises(MissingUserColumnError, match="'nobody' has no column 'username'"):
            auth.get_by_natural_key("ann")
