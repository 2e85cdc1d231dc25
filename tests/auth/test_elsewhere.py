"""Backends that are not Django's: whom they have logged in, and who can log in here beside them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import session

from flask_dj_session.auth import ModelBackend
from flask_dj_session.auth.elsewhere import known_by_description, stand_in
from flask_dj_session.errors import SettingError

from .conftest import PASSWORD, AuthSite, MakeAuth

MODEL = "django.contrib.auth.backends.ModelBackend"
ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"
GUARDIAN = "guardian.backends.ObjectPermissionBackend"
AXES = "axes.backends.AxesStandaloneBackend"
LDAP = "django_auth_ldap.backend.LDAPBackend"
GITHUB = "social_core.backends.github.GithubOAuth2"


def _visitor_of(flask: AuthSite, backend: str, **columns: Any) -> str:
    """Return who a visitor is here whom Django has logged in by *backend*."""
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD, **columns)
        user = flask.auth.get_by_natural_key("ann")
        hashed = user.get_session_auth_hash()
        stored = flask.site.sessions.session()
        stored["_auth_user_id"], stored["_auth_user_backend"] = str(user.pk), backend
        stored["_auth_user_hash"] = hashed
        stored.save()
    client = flask.site.client
    client.set_cookie("sessionid", str(stored.session_key))
    return client.get("/who").text


@pytest.mark.parametrize("backend", [ALLAUTH, LDAP, GITHUB, "sesame.backends.ModelBackend"])
def test_users_of_a_backend_that_finds_them_as_django_does_are_known(
    backend: str, make_auth: MakeAuth
) -> None:
    assert _visitor_of(make_auth(authentication_backends=[MODEL, backend]), backend) == "ann"


@pytest.mark.parametrize(("backend", "who"), [(ALLAUTH, "AnonymousUser"), (LDAP, "ann")])
def test_a_user_who_is_not_active_is_who_the_backend_says(
    backend: str, who: str, make_auth: MakeAuth
) -> None:
    flask = make_auth(authentication_backends=[MODEL, backend])
    assert _visitor_of(flask, backend, is_active=False) == who


@pytest.mark.parametrize("backend", [GUARDIAN, "rules.permissions.ObjectPermissionBackend"])
def test_nobody_is_a_user_of_a_backend_that_finds_none(backend: str, make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[backend, MODEL])
    assert _visitor_of(flask, backend) == "AnonymousUser"


def test_the_backend_that_checked_the_password_is_the_one_that_is_stored(
    make_auth: MakeAuth,
) -> None:
    flask = make_auth(authentication_backends=[GUARDIAN, ALLAUTH, MODEL])
    with flask.app.test_request_context():
        flask.auth.create_user("ann", password=PASSWORD)
        flask.auth.login(flask.auth.authenticate("ann", PASSWORD))
        assert session["_auth_user_backend"] == MODEL
        session.flush()  # type: ignore[attr-defined]
        flask.auth.login(flask.auth.get_by_natural_key("ann"))
        assert session["_auth_user_backend"] == MODEL


def test_a_backend_by_which_django_finds_nobody_is_not_stored(make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[GUARDIAN, MODEL])
    with flask.app.test_request_context():
        user = flask.auth.create_user("ann", password=PASSWORD)
        with pytest.raises(ValueError, match=r"Django finds no user by 'guardian\."):
            flask.auth.login(user, backend=GUARDIAN)
        assert dict(session) == {}


def test_no_class_gives_users_to_a_backend_that_has_none_in_django(make_auth: MakeAuth) -> None:
    class Permissions(ModelBackend):
        has_users = False

    with pytest.raises(SettingError, match=r"'guardian\..*', which finds no user in Django"):
        make_auth(authentication_backends=[GUARDIAN, MODEL], backends={GUARDIAN: ModelBackend})
    make_auth(authentication_backends=[GUARDIAN, MODEL], backends={GUARDIAN: Permissions})


def test_a_backend_that_is_not_known_leaves_the_others_as_they_are(make_auth: MakeAuth) -> None:
    with pytest.warns(
        UserWarning, match=r"'shop\.Own', which this package does not know: the users"
    ):
        flask = make_auth(authentication_backends=["shop.Own", MODEL])
    with flask.app.app_context():
        flask.auth.create_user("bob", password=PASSWORD)
        assert str(flask.auth.authenticate("bob", PASSWORD)) == "bob"
    assert _visitor_of(flask, "shop.Own") == "AnonymousUser"


def test_what_the_app_gives_beats_what_is_known_by_name(make_auth: MakeAuth) -> None:
    flask = make_auth(authentication_backends=[ALLAUTH], backends={ALLAUTH: ModelBackend})
    with flask.app.app_context():
        flask.auth.create_user("ann", password=PASSWORD)
        assert str(flask.auth.authenticate("ann", PASSWORD)) == "ann"


@pytest.mark.parametrize("backend", [AXES, "axes.backends.AxesBackend"])
def test_lock_outs_that_do_not_count_here_are_told(backend: str, make_auth: MakeAuth) -> None:
    with pytest.warns(UserWarning, match="whose lock-outs have no effect here"):
        make_auth(authentication_backends=[backend, MODEL])


def test_that_nobody_can_log_in_here_is_told(make_auth: MakeAuth) -> None:
    with pytest.warns(UserWarning, match="None of the backends that .* checks passwords here"):
        make_auth(authentication_backends=[ALLAUTH])


@pytest.mark.parametrize(("backend", "expected"), [(ALLAUTH, {"shop.sell"}), (GITHUB, set())])
def test_permissions_come_from_the_backends_that_give_djangos(
    backend: str, expected: set[str], make_auth: MakeAuth
) -> None:
    with pytest.warns(UserWarning, match="None of the backends that"):
        flask = make_auth(authentication_backends=[backend])
    with flask.app.app_context():
        for insert in (
            "INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'shop', 'cart')",
            "INSERT INTO auth_permission (name, content_type_id, codename) VALUES ('', 1, 'sell')",
        ):
            flask.site.db.session.execute(sa.text(insert))
        flask.site.db.session.commit()
        assert flask.auth.create_superuser("ann").get_all_permissions() == expected


def _told(mro: list[str], **methods: str) -> dict[str, Any]:
    """Return what a site tells of a backend; methods are the last class's of *mro* by default."""
    names = ("authenticate", "get_user", "user_can_authenticate", "has_perm", "has_module_perms")
    every = dict.fromkeys([*names, "get_all_permissions"], MODEL) | methods
    return {
        "path": mro[0],
        "mro": mro,
        "methods": {
            name: {
                "whose": "django" if where == MODEL else "own" if where else "absent",
                "in": where,
            }
            for name, where in every.items()
        },
    }


def test_an_own_subclass_of_a_known_one_is_known_by_the_class_that_finds_users() -> None:
    known = known_by_description(_told(["shop.Own", LDAP], get_user=LDAP))
    assert known is not None
    assert (known.knows_users, known.checks_passwords) == (True, False)
    assert issubclass(stand_in(known), ModelBackend)


def test_a_backend_that_finds_users_in_its_own_way_knows_nobody_here() -> None:
    known = known_by_description(_told(["shop.Own", MODEL], user_can_authenticate="shop.Own"))
    assert known is not None
    assert not known.knows_users


def test_a_backend_that_inherits_everything_checks_passwords() -> None:
    known = known_by_description(_told(["shop.Own", MODEL]))
    assert known is not None
    assert known.checks_passwords
