"""Sessions whose hash a project makes in its own way, and what is not ended on a guess."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.auth.models import User
from sqlalchemy.orm import mapped_column

from flask_dj_session.auth import DjangoAuth, ModelBackend, UserMixin, salted_hmac
from flask_dj_session.auth.hashes import session_auth_hash

from ..conftest import MakeSite
from ..live_django import SECRET_KEY, LiveDjango
from .conftest import AGAIN, PASSWORD, AuthSite, MakeAuth, Visitor, add_views, make_user, tables_of
from .conftest import quick_hashers as quick
from .test_models import project_with

pytestmark = pytest.mark.slow

NOBODY = "AnonymousUser"
MODEL = "django.contrib.auth.backends.ModelBackend"


class _AsInDjango:
    """The methods of Django's model, line by line."""

    password: Any
    token: Any

    def get_session_auth_hash(self) -> str:
        return self._get_session_auth_hash()

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        return salted_hmac("shop.Guest", self.password + self.token, secret).hexdigest()


class _InOne:
    """One method, to which the key may be given."""

    password: Any
    token: Any

    def get_session_auth_hash(self, secret: Any = None) -> str:
        return salted_hmac("shop.Guest", self.password + self.token, secret).hexdigest()


class _WithoutKey:
    """One method, and nothing for the keys of before."""

    password: Any
    token: Any

    def get_session_auth_hash(self) -> str:
        return salted_hmac("shop.Guest", self.password + self.token).hexdigest()


MakeGuests = Callable[..., AuthSite]


@pytest.fixture
def make_guests(make_auth: MakeAuth, make_site: MakeSite) -> MakeGuests:
    """Return what makes apps whose users are guests, with the methods of a class."""
    make_auth()

    def make(methods: type[Any] = object, **config: Any) -> AuthSite:
        site = make_site(**config)

        class Guest(methods, UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
            __tablename__ = "shop_guest"
            id = mapped_column(sa.BigInteger, primary_key=True)
            username = mapped_column(sa.String(150))
            password = mapped_column(sa.String(128))
            token = mapped_column(sa.String(20))
            last_login = mapped_column(sa.DateTime)

        auth = DjangoAuth(
            site.sessions, hashers=quick(), user_model=Guest, auth_user_model="shop.Guest"
        )
        add_views(site.app, auth)
        return AuthSite(site, auth)

    return make


@pytest.mark.parametrize("methods", [_AsInDjango, _InOne, _WithoutKey])
def test_a_class_with_the_method_of_the_project_knows_its_sessions(
    make_guests: MakeGuests, live: LiveDjango, methods: type[Any]
) -> None:
    visitor = Visitor(make_guests(methods).app, live)
    with project_with(live, "Guest") as model:
        guest = model.objects.create_user("ann", password=PASSWORD)
        for here, there in (("Django", "Flask"), ("Flask", "Django")):
            visitor.key = None
            assert visitor.visit(here, "in", name="ann", password=PASSWORD) == "ann"
            assert visitor.visit(there, "who") == visitor.visit(here, "who") == "ann"
        guest.token = "second"
        guest.save()
        assert visitor.on_flask("who") == NOBODY
        assert live.store().exists(visitor.key)  # until Django itself ends it
        assert visitor.on_django("who") == NOBODY
        assert visitor.key is None


@pytest.mark.parametrize("methods", [_AsInDjango, _InOne])
def test_it_is_asked_for_the_keys_of_before_too(
    make_guests: MakeGuests, live: LiveDjango, methods: type[Any]
) -> None:
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["older", SECRET_KEY]}
    visitor = Visitor(make_guests(methods, **keys).app, live)
    with project_with(live, "Guest") as model:
        model.objects.create_user("ann", password=PASSWORD)
        visitor.on_django("in", name="ann", password=PASSWORD)
        before = visitor.key
        assert visitor.on_flask("who") == "ann"
        assert visitor.key != before
        with live.settings(SECRET_KEY="new"):
            assert visitor.on_django("who") == "ann"


class _OnlyTheFirst:
    """The method that a login asks, and Django's own beside it."""

    password: Any

    def get_session_auth_hash(self) -> str:
        return salted_hmac("shop.Guest", self.password).hexdigest()


class _OnlyTheSecond:
    """What Django's own method asks."""

    password: Any

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        return salted_hmac("shop.Guest", self.password, secret).hexdigest()


@pytest.mark.parametrize("methods", [_AsInDjango, _InOne, _OnlyTheFirst, _OnlyTheSecond])
def test_djangos_old_hash_is_none_of_a_class_with_a_hash_of_its_own(
    make_guests: MakeGuests,
    live: LiveDjango,
    log: Callable[[], list[str]],
    methods: type[Any],
) -> None:
    visitor = Visitor(make_guests(methods).app, live)
    with project_with(live, "Guest") as model:
        guest = model.objects.create_user("ann", password=PASSWORD)
        for algorithm in ("sha256", "sha1"):
            made = session_auth_hash(guest.password, SECRET_KEY, algorithm)
            visitor.key = _session(live, guest, made)
            assert visitor.on_flask("who") == NOBODY
            assert "'Guest.get_session_auth_hash' returns now" in log()[0]


def test_without_a_word_for_the_key_the_session_of_before_stays(
    make_guests: MakeGuests, live: LiveDjango
) -> None:
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": [SECRET_KEY]}
    visitor = Visitor(make_guests(_WithoutKey, **keys).app, live)
    with project_with(live, "Guest") as model:
        model.objects.create_user("ann", password=PASSWORD)
        visitor.on_django("in", name="ann", password=PASSWORD)
        assert visitor.on_flask("who") == NOBODY
        assert visitor.on_django("who") == "ann"


def test_the_session_that_changed_the_password_has_the_projects_hash(
    make_guests: MakeGuests, live: LiveDjango
) -> None:
    visitor = Visitor(make_guests(_AsInDjango).app, live)
    with project_with(live, "Guest") as model:
        model.objects.create_user("ann", password=PASSWORD)
        visitor.on_django("in", name="ann", password=PASSWORD)
        visitor.on_flask("password", name="ann", password=AGAIN, keep="")
        assert visitor.on_django("who") == visitor.on_flask("who") == "ann"


class _Without:
    """Users whose sessions nothing ends; as in Django, they are nobody in the next request."""

    def get_session_auth_hash(self) -> str:
        return ""


def test_without_a_hash_a_second_login_keeps_the_session(
    make_guests: MakeGuests, live: LiveDjango
) -> None:
    visitor = Visitor(make_guests(_Without).app, live)
    with project_with(live, "Guest") as model:
        model.objects.create_user("ann", password=PASSWORD)
        assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"
        session, key = live.store(visitor.key), visitor.key
        session["_auth_user_hash"] = "of when there was one"
        session.save()
        assert visitor.on_flask("in", name="ann", password=PASSWORD) == "ann"
        assert visitor.key == key
        assert visitor.on_flask("who") == NOBODY


# What is not known ends nothing


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return what tells the warnings of the app so far, and forgets them."""

    def told() -> list[str]:
        found = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        caplog.clear()
        return found

    return told


def _changes(statements: list[str]) -> list[str]:
    return [text for text in statements if text.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_look_at_a_session_of_a_project_whose_hash_is_its_own_changes_nothing(
    make_auth: MakeAuth, live: LiveDjango, log: Callable[[], list[str]]
) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Guest")
    visitor = Visitor(flask.app, live)
    with project_with(live, "Guest") as model:
        ann = model.objects.create_user("ann", password=PASSWORD)
        visitor.on_django("in", name="ann", password=PASSWORD)
        key = visitor.key
        with flask.statements() as statements:
            response = visitor.response("who")
        assert (response.text, _changes(statements)) == (NOBODY, [])
        assert "Set-Cookie" not in response.headers
        assert visitor.on_django("who") == "ann"
        (told,) = log()
        assert "'shop.Guest' may make it in its own way" in told
        secrets = (key, ann.password, live.store(key)["_auth_user_hash"], SECRET_KEY, "ann")
        assert not any(str(secret) in told for secret in secrets)


def test_nor_where_the_password_was_changed(make_auth: MakeAuth, live: LiveDjango) -> None:
    make_auth()
    flask = make_auth(tables=False, auth_user_model="shop.Staff")
    visitor = Visitor(flask.app, live)
    with project_with(live, "Staff") as model:
        ann = model.objects.create_user("ann", password=PASSWORD)
        visitor.on_flask("in", name="ann", password=PASSWORD)
        ann.refresh_from_db()
        ann.set_password(AGAIN)
        ann.save()
        assert visitor.on_flask("who") == NOBODY
        assert live.store().exists(visitor.key)
        assert visitor.on_django("who") == NOBODY
        assert visitor.key is None


@pytest.mark.parametrize("fallback", [False, True])
def test_another_hashing_algorithm_is_no_other_password(
    make_auth: MakeAuth, live: LiveDjango, log: Callable[[], list[str]], fallback: bool
) -> None:
    keys = {"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": [SECRET_KEY]} if fallback else {}
    flask = make_auth(config={"DEFAULT_HASHING_ALGORITHM": "sha1", **keys})
    make_user()
    visitor = Visitor(flask.app, live)
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert visitor.on_flask("who") == NOBODY
    assert visitor.on_django("who") == "ann"
    assert "with another algorithm than 'DEFAULT_HASHING_ALGORITHM', 'sha1'" in log()[0]


def _session(live: LiveDjango, user: Any, auth_hash: str | None) -> str:
    """Store a session of *user* with whatever hash, and return its key."""
    session = live.store()
    session.update({"_auth_user_id": str(user.pk), "_auth_user_backend": MODEL})
    if auth_hash is not None:
        session["_auth_user_hash"] = auth_hash
    session.save()
    return str(session.session_key)


@pytest.mark.parametrize(("algorithm", "stays"), [("sha1", True), ("sha256", False)])
def test_a_session_without_a_hash_may_be_one_of_an_old_django(
    make_auth: MakeAuth, live: LiveDjango, algorithm: str, stays: bool
) -> None:
    flask = make_auth(config={"DEFAULT_HASHING_ALGORITHM": algorithm})
    visitor = Visitor(flask.app, live)
    visitor.key = key = _session(live, make_user(), None)
    assert visitor.on_flask("who") == NOBODY
    assert live.store().exists(key) is stays


@pytest.mark.slow
def test_a_password_that_is_read_from_elsewhere_proves_nothing(
    make_site: MakeSite, live: LiveDjango, make_auth: MakeAuth
) -> None:
    make_auth()
    site = make_site()

    class Other(UserMixin, site.db.Model):  # type: ignore[misc, name-defined]
        __tablename__ = "auth_user"
        id = mapped_column(sa.Integer, primary_key=True)
        username = mapped_column(sa.String(150))
        password = mapped_column("email", sa.String(128))

    auth = DjangoAuth(site.sessions, hashers=quick(), user_model=Other)
    add_views(site.app, auth)
    make_user()
    visitor = Visitor(site.app, live)
    visitor.on_django("in", name="ann", password=PASSWORD)
    assert visitor.on_flask("who") == NOBODY
    assert visitor.on_django("who") == "ann"


@pytest.mark.parametrize(
    "options",
    [
        {"auth_user_model": "shop.User", "user_model": "auth_user"},
        {"auth_user_model": "auth.Person", "user_model": "auth_user"},
        {"user_model": "people"},
    ],
    ids=["another app", "another name", "another table"],
)
def test_users_that_may_not_be_djangos_own_prove_nothing(
    make_auth: MakeAuth, live: LiveDjango, database_url: sa.URL, options: dict[str, Any]
) -> None:
    make_auth()
    ann = make_user()
    users = tables_of(database_url).tables["auth_user"]
    people = users.to_metadata(sa.MetaData(), name="people")
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        people.create(connection)
        connection.execute(sa.insert(people).from_select(users.c.keys(), sa.select(users)))
    flask = make_auth(tables=False, **options)
    visitor = Visitor(flask.app, live)
    visitor.key = key = _session(live, ann, ann.get_session_auth_hash())
    assert visitor.on_flask("who") == "ann"
    visitor.key = key = _session(live, ann, session_auth_hash("another", SECRET_KEY, "sha256"))
    assert visitor.on_flask("who") == NOBODY
    assert live.store().exists(key)


def test_a_stale_session_of_djangos_own_users_ends_as_in_django(
    flask: AuthSite, visitor: Visitor, live: LiveDjango, log: Callable[[], list[str]]
) -> None:
    stale = session_auth_hash("another password", SECRET_KEY, "sha256")
    for side in ("Flask", "Django"):
        visitor.key = key = _session(live, User.objects.get(), stale)
        assert visitor.visit(side, "who") == NOBODY
        assert visitor.key is None
        assert not live.store().exists(key)
    assert log() == []


def test_somebody_without_the_methods_of_a_user_is_told(make_auth: MakeAuth) -> None:
    class Bare(ModelBackend):
        def get_user(self, pk: Any) -> Any:
            return object()

    flask = make_auth(
        backends={"shop.Bare": Bare}, authentication_backends=["shop.Bare"], tables=False
    )
    with flask.app.test_request_context("/") as context:
        context.session.update({"_auth_user_id": "1", "_auth_user_backend": "shop.Bare"})
        with pytest.raises(TypeError, match="A object cannot log in"):
            str(flask.auth.current_user)
