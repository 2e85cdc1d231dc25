"""What users may do, from Django's tables, with Django's answers and number of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser as DjangosAnonymousUser
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied as DjangosPermissionDenied
from flask import render_template_string

from flask_dj_session.auth import AnonymousUser, PermissionDenied

from ..databases import EVERY_DATABASE
from ..live_django import LiveDjango
from .conftest import AuthSite, MakeAuth, make_user

pytestmark = pytest.mark.slow

Ask = Callable[[Any], Any]

QUESTIONS: dict[str, Ask] = {
    "own permission": lambda user: user.has_perm("shop.add_order"),
    "group's permission": lambda user: user.has_perm("shop.view_order"),
    "another's permission": lambda user: user.has_perm("shop.delete_order"),
    "unknown permission": lambda user: user.has_perm("nothing"),
    "for one object": lambda user: user.has_perm("shop.add_order", object()),
    "several": lambda user: user.has_perms(["shop.add_order", "shop.view_order"]),
    "several for one object": lambda user: user.has_perms(["shop.add_order"], object()),
    "one too many": lambda user: user.has_perms(["shop.add_order", "shop.delete_order"]),
    "none at all": lambda user: user.has_perms([]),
    "module": lambda user: user.has_module_perms("shop"),
    "another module": lambda user: user.has_module_perms("sh"),
    "own": lambda user: sorted(user.get_user_permissions()),
    "groups'": lambda user: sorted(user.get_group_permissions()),
    "all": lambda user: sorted(user.get_all_permissions()),
    "own for one object": lambda user: sorted(user.get_user_permissions(object())),
    "groups' for one object": lambda user: sorted(user.get_group_permissions(object())),
    "all for one object": lambda user: sorted(user.get_all_permissions(object())),
}


@pytest.fixture
def permissions(flask: AuthSite, live: LiveDjango) -> None:
    """Let there be a shop's permissions, a group that has some, and four users."""
    kind = ContentType.objects.create(app_label="shop", model="order")
    add, view, _ = [
        Permission.objects.create(codename=f"{verb}_order", name=verb, content_type=kind)
        for verb in ("add", "view", "delete")
    ]
    group = Group.objects.create(name="clerks")
    group.permissions.add(view)
    Group.objects.create(name="others").permissions.add(add)
    for name, columns in USERS.items():
        user = make_user(name, **columns)
        if name != "nobody in particular":
            user.user_permissions.add(add)
            user.groups.add(group)


USERS = {
    "clerk": {},
    "nobody in particular": {},
    "boss": {"is_superuser": True},
    "former clerk": {"is_active": False},
    "former boss": {"is_superuser": True, "is_active": False},
}


@pytest.mark.usefixtures("permissions")
@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_every_answer_is_djangos(flask: AuthSite) -> None:
    for name in USERS:
        for question, ask in QUESTIONS.items():
            with flask.app.app_context():
                ours = ask(flask.auth.get_by_natural_key(name))
            assert ours == ask(User.objects.get(username=name)), f"{name}: {question}"


@pytest.mark.usefixtures("permissions")
def test_the_groups_are_the_users_own(flask: AuthSite) -> None:
    with flask.app.app_context():
        for name in USERS:
            theirs = User.objects.get(username=name).groups.values_list("name", flat=True)
            assert flask.auth.get_by_natural_key(name).get_group_names() == {*theirs}, name


@pytest.mark.parametrize(
    "name",
    [
        *("id", "pk", "username", "is_staff", "is_active", "is_superuser"),
        *("is_anonymous", "is_authenticated"),
    ],
)
def test_nobody_has_the_attributes_of_djangos_nobody(name: str) -> None:
    assert getattr(AnonymousUser(), name) == getattr(DjangosAnonymousUser(), name)


@pytest.mark.usefixtures("live")
def test_nobody_is_allowed_what_djangos_nobody_is(flask: AuthSite) -> None:
    for question, ask in QUESTIONS.items():
        assert ask(AnonymousUser()) == ask(DjangosAnonymousUser()), question


@pytest.mark.usefixtures("permissions")
def test_permissions_are_asked_for_once(flask: AuthSite) -> None:
    with flask.app.app_context():
        clerk = flask.auth.get_by_natural_key("clerk")
        with flask.statements() as statements:
            for ask in QUESTIONS.values():
                ask(clerk)
        assert len(statements) == 2  # the user's own, and those of the groups; as in Django
        with flask.statements() as statements:
            assert clerk.get_group_names() == clerk.get_group_names() == {"clerks"}
        assert len(statements) == 1


@pytest.mark.usefixtures("permissions")
@pytest.mark.parametrize("name", ["boss", "former clerk", "former boss"])
def test_superusers_and_inactive_users_cost_no_statement(flask: AuthSite, name: str) -> None:
    with flask.app.app_context():
        user = flask.auth.get_by_natural_key(name)
        with flask.statements() as statements:
            user.has_perm("shop.add_order")
            user.has_module_perms("shop")
        assert statements == []


@pytest.mark.usefixtures("permissions")
def test_a_text_is_no_list_of_permissions(flask: AuthSite) -> None:
    with flask.app.app_context():
        clerk = flask.auth.get_by_natural_key("clerk")
        for user in (clerk, AnonymousUser()):
            with pytest.raises(ValueError, match="must be a list"):
                user.has_perms("shop.add_order")


@pytest.mark.usefixtures("permissions")
def test_only_backends_of_the_project_grant_permissions(make_auth: MakeAuth) -> None:
    class Nothing:
        def __init__(self, accounts: Any) -> None: ...

        def has_perm(self, *_: Any) -> bool:
            return False

    flask = make_auth(
        backends={"shop.backends.LDAP": Nothing}, authentication_backends=["shop.backends.LDAP"]
    )
    with flask.app.app_context():
        assert not flask.auth.get_by_natural_key("clerk").has_perm("shop.add_order")


TEMPLATE = """\
{{ user }} {{ current_user }} {{ perms.shop.add_order }} {{ perms.shop.delete_order }} \
{{ "shop.view_order" in perms }} {{ "shop" in perms }} {{ perms.auth and "auth" or "-" }}"""


@pytest.mark.usefixtures("permissions")
def test_templates_have_djangos_user_and_perms(flask: AuthSite) -> None:
    with flask.app.test_request_context("/"):
        assert render_template_string(TEMPLATE) == (
            "AnonymousUser AnonymousUser False False False False -"
        )
    with flask.app.test_request_context("/"):
        flask.auth.login(flask.auth.get_by_natural_key("clerk"))
        assert render_template_string(TEMPLATE) == "clerk clerk True False True True -"


class _Denying:
    """Says no for all backends after it, as django-axes does where somebody is locked out."""

    def __init__(self, *_: Any) -> None: ...

    def has_perm(self, *_: Any) -> bool:
        raise PermissionDenied

    has_module_perms = has_perm


class _DenyingInDjango(_Denying):
    def has_perm(self, *_: Any) -> bool:
        raise DjangosPermissionDenied

    has_module_perms = has_perm


class _Silent:
    """Knows nothing of permissions, and has no method that could say so."""

    def __init__(self, *_: Any) -> None: ...


MODEL = "django.contrib.auth.backends.ModelBackend"
DENYING = f"{__name__}._DenyingInDjango"
SILENT = f"{__name__}._Silent"


@pytest.mark.slow
@pytest.mark.usefixtures("permissions")
@pytest.mark.parametrize(
    "backends", [[DENYING, MODEL], [MODEL, DENYING], [DENYING], [SILENT, MODEL], [SILENT]]
)
def test_a_backend_that_denies_says_no_for_those_after_it(
    make_auth: MakeAuth, live: LiveDjango, backends: list[str]
) -> None:
    ours = {DENYING: _Denying, SILENT: _Silent}
    flask = make_auth(tables=False, backends=ours, authentication_backends=backends)
    with live.settings(AUTHENTICATION_BACKENDS=backends):
        for name in USERS:
            theirs = User.objects.get(username=name)
            for question, ask in QUESTIONS.items():
                with flask.app.app_context():
                    answer = ask(flask.auth.get_by_natural_key(name))
                assert answer == ask(theirs), f"{name}: {question}"


@pytest.mark.usefixtures("permissions")
def test_who_is_denied_is_sent_to_the_login_page_and_gets_no_403(make_auth: MakeAuth) -> None:
    flask = make_auth(
        tables=False, backends={DENYING: _Denying}, authentication_backends=[DENYING, MODEL]
    )
    page: Any = flask.auth.permission_required("shop.view_order")(lambda: "seen")
    with flask.app.test_request_context("/page"):
        flask.auth.login(flask.auth.get_by_natural_key("clerk"), backend=MODEL)
        assert flask.app.make_response(page()).status_code == 302
