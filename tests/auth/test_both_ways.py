"""Who is logged in on one side is logged in on the other, with a real Django beside the app."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from ..live_django import LiveDjango
from .conftest import AGAIN, PASSWORD, AuthSite, MakeAuth, Visitor, make_user

pytestmark = pytest.mark.slow

BOTH_WAYS = pytest.mark.parametrize(("here", "there"), [("Django", "Flask"), ("Flask", "Django")])
NOBODY = "AnonymousUser"


@BOTH_WAYS
def test_who_logs_in_here_is_known_there(visitor: Visitor, here: str, there: str) -> None:
    assert visitor.visit(there, "who") == NOBODY
    assert visitor.visit(here, "in", name="ann", password=PASSWORD) == "ann"
    assert visitor.visit(there, "who") == "ann"
    assert visitor.visit(here, "who") == "ann"


@BOTH_WAYS
def test_who_logs_out_here_is_nobody_there(visitor: Visitor, here: str, there: str) -> None:
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    key = visitor.key
    assert visitor.visit(here, "out") == NOBODY
    assert visitor.key is None
    visitor.key = key
    assert visitor.visit(there, "who") == NOBODY


@BOTH_WAYS
def test_a_password_changed_here_ends_the_session_there(
    visitor: Visitor, here: str, there: str
) -> None:
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    key, visitor.key = visitor.key, None
    visitor.visit(here, "password", name="ann", password=AGAIN)
    visitor.key = key
    assert visitor.visit(there, "who") == NOBODY
    assert visitor.key is None
    assert visitor.visit(there, "in", name="ann", password=PASSWORD) == "refused"
    assert visitor.visit(there, "in", name="ann", password=AGAIN) == "ann"


@BOTH_WAYS
def test_the_session_that_changed_the_password_lives_on(
    visitor: Visitor, here: str, there: str
) -> None:
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    key = visitor.key
    visitor.visit(here, "password", name="ann", password=AGAIN, keep="")
    assert visitor.key != key
    assert visitor.visit(there, "who") == "ann"
    assert visitor.visit(here, "who") == "ann"


@BOTH_WAYS
def test_a_deactivated_user_is_nobody_and_keeps_the_session(
    visitor: Visitor, here: str, there: str
) -> None:
    visitor.visit(here, "in", name="ann", password=PASSWORD)
    User.objects.update(is_active=False)
    assert visitor.visit(there, "who") == visitor.visit(here, "who") == NOBODY
    assert visitor.visit(there, "in", name="ann", password=PASSWORD) == "refused"
    User.objects.update(is_active=True)
    assert visitor.visit(there, "who") == "ann"


@BOTH_WAYS
def test_a_deleted_user_is_nobody(visitor: Visitor, here: str, there: str) -> None:
    visitor.visit(here, "in", name="ann", password=PASSWORD)
    User.objects.all().delete()
    assert visitor.visit(there, "who") == visitor.visit(here, "who") == NOBODY


def _login_data(visitor: Visitor, live: LiveDjango, side: str) -> tuple[dict[str, Any], str | None]:
    visitor.key = None
    visitor.visit(side, "in", name="ann", password=PASSWORD)
    return live.store(visitor.key).load(), visitor.key


def test_a_login_leaves_the_same_in_the_session(visitor: Visitor, live: LiveDjango) -> None:
    ours, _ = _login_data(visitor, live, "Flask")
    theirs, _ = _login_data(visitor, live, "Django")
    assert list(ours.items()) == list(theirs.items())


@BOTH_WAYS
@pytest.mark.parametrize("password", ["another", "stored as hers"])
def test_another_user_gets_none_of_the_data(
    visitor: Visitor, live: LiveDjango, here: str, there: str, password: str
) -> None:
    make_user("bob")
    if password == "stored as hers":  # so that the hash in the session is hers as well
        User.objects.filter(username="bob").update(
            password=User.objects.get(username="ann").password
        )
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    session = live.store(visitor.key)
    session["cart"] = ["a secret of Ann's"]
    session.save()
    key = visitor.key
    assert visitor.visit(here, "in", name="bob", password=PASSWORD) == "bob"
    assert visitor.key != key
    assert "cart" not in live.store(visitor.key).load()
    assert not live.store().exists(key)


@BOTH_WAYS
def test_a_login_keeps_the_data_of_an_anonymous_visitor_under_another_key(
    visitor: Visitor, live: LiveDjango, here: str, there: str
) -> None:
    session = live.store()
    session["cart"] = ["bread"]
    session.save()
    visitor.key = session.session_key
    visitor.visit(here, "in", name="ann", password=PASSWORD)
    assert visitor.key != session.session_key
    assert live.store(visitor.key).load()["cart"] == ["bread"]
    assert not live.store().exists(session.session_key)
    assert visitor.visit(there, "who") == "ann"


@BOTH_WAYS
def test_the_same_user_again_keeps_the_key(visitor: Visitor, here: str, there: str) -> None:
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    key = visitor.key
    visitor.visit(here, "in", name="ann", password=PASSWORD)
    assert visitor.key == key


@BOTH_WAYS
@pytest.mark.parametrize("before", ["another password", "no hash"])
def test_the_same_user_again_with_another_hash_begins_anew(
    visitor: Visitor, live: LiveDjango, here: str, there: str, before: str
) -> None:
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    session = live.store(visitor.key)
    session["cart"] = ["of whoever knew the old password"]
    if before == "no hash":
        del session["_auth_user_hash"]
    session.save()
    key = visitor.key
    ann = User.objects.get()
    ann.set_password(AGAIN)
    ann.save()
    assert visitor.visit(here, "in", name="ann", password=AGAIN) == "ann"
    assert visitor.key != key
    assert "cart" not in live.store(visitor.key).load()
    assert not live.store().exists(key)


@BOTH_WAYS
def test_another_users_new_password_changes_nobodys_session(
    visitor: Visitor, live: LiveDjango, here: str, there: str
) -> None:
    make_user("bob")
    visitor.visit(there, "in", name="ann", password=PASSWORD)
    before = live.store(visitor.key).load()
    visitor.visit(here, "password", name="bob", password=AGAIN, keep="")
    assert live.store(visitor.key).load() == before
    assert visitor.visit(there, "who") == visitor.visit(here, "who") == "ann"
    visitor.key = None
    visitor.visit(here, "password", name="bob", password=PASSWORD, keep="")
    assert visitor.visit(here, "who") == visitor.visit(there, "who") == NOBODY


@pytest.mark.parametrize("side", ["Flask", "Django"])
def test_a_hash_by_a_fallback_key_is_renewed_under_another_key(
    make_auth: MakeAuth, live: LiveDjango, side: str
) -> None:
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["one key for both"]}
    before, after = make_auth(), make_auth(config=keys)
    make_user()
    visitor = Visitor(before.app, live)
    visitor.visit("Flask", "in", name="ann", password=PASSWORD)
    old, old_hash = visitor.key, live.store(visitor.key)["_auth_user_hash"]
    visitor._app = after.app
    with live.settings(**keys):
        assert visitor.visit(side, "who") == "ann"
        assert visitor.key != old
        assert not live.store().exists(old)
        assert live.store(visitor.key)["_auth_user_hash"] != old_hash
    with live.settings(SECRET_KEY="new"):
        assert visitor.on_django("who") == "ann"


def test_a_hash_by_no_key_ends_the_session(flask: AuthSite, live: LiveDjango) -> None:
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_flask("in", name="ann", password=PASSWORD)
    for wrong in ("", "x" * 64, None, 7, ["a"]):
        session = live.store(visitor.key)
        copy = live.store()
        copy.update({**session.load(), "_auth_user_hash": wrong, "cart": 1})
        copy.save()
        other = Visitor(flask.app, live)
        other.key = copy.session_key
        assert other.on_flask("who") == NOBODY
        assert other.key is None
        assert not live.store().exists(copy.session_key)
    assert visitor.on_flask("who") == "ann"


def test_a_session_without_a_hash_ends_as_in_django(flask: AuthSite, live: LiveDjango) -> None:
    user = make_user()
    for side in ("Flask", "Django"):
        session = live.store()
        backend = "django.contrib.auth.backends.ModelBackend"
        session.update({"_auth_user_id": str(user.pk), "_auth_user_backend": backend})
        session.save()
        visitor = Visitor(flask.app, live)
        visitor.key = session.session_key
        assert visitor.visit(side, "who") == NOBODY
        assert visitor.key is None
