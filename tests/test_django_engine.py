"""Django with ``SESSION_ENGINE = "flask_dj_session.django_engine"``, beside this package."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

import pytest
import sqlalchemy as sa
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connections
from django.db.models import DateTimeField
from django.http import HttpRequest, HttpResponse
from flask import session

from flask_dj_session.merging import add

from .conftest import MakeSite, Site
from .databases import EVERY_DATABASE
from .live_django import LiveDjango

ENGINE = "flask_dj_session.django_engine"
MERGERS = {"visits": "flask_dj_session.merging.add"}

on_every_database = pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)


# It names database_url, which the fixture of the same name behind it asks for: pytest before 9 does
# not look there, and then takes a test's parametrization of database_url for a mistake.
@pytest.fixture
def django(django: LiveDjango, database_url: sa.URL) -> Iterator[LiveDjango]:
    """Return a Django that merges."""
    with django.settings(SESSION_ENGINE=ENGINE, SESSION_MERGERS=MERGERS):
        yield django


@pytest.fixture
def site(django: LiveDjango, make_site: MakeSite) -> Site:
    """Return an app that merges, on Django's table."""
    return make_site(
        table=False,
        SESSION_CONCURRENCY="merge",
        SESSION_ENGINE=ENGINE,
        extension={"mergers": {"visits": add}},
    )


def store(session_key: str | None = None) -> Any:
    return import_module(ENGINE).SessionStore(session_key)


@pytest.fixture
def one(django: LiveDjango, database_url: sa.URL) -> Any:
    """Return a stored session."""
    made = store()
    made.update({"cart": ["tea"], "visits": 1})
    made.save()
    return made


def two_of(one: Any) -> tuple[Any, Any]:
    """Return the session as two requests have read it."""
    both = store(one.session_key), store(one.session_key)
    assert [each["visits"] for each in both] == [1, 1]
    return both


def stored(one: Any) -> dict[str, Any]:
    return dict(store(one.session_key).items())


@on_every_database
def test_what_both_have_changed_is_kept(one: Any) -> None:
    ours, theirs = two_of(one)
    theirs["color"] = "blue"
    theirs["visits"] += 1
    theirs.save()
    ours["size"] = "XL"
    ours["visits"] += 1
    ours.save()
    assert stored(one) == {"cart": ["tea"], "visits": 3, "color": "blue", "size": "XL"}


@on_every_database
def test_its_rows_are_those_of_djangos_own_engine(one: Any, django: LiveDjango) -> None:
    plain = django.store(one.session_key)
    assert plain["visits"] == 1
    plain["visits"] = 2
    plain.save()
    assert stored(one)["visits"] == 2


@on_every_database
def test_what_was_ended_stays_ended(one: Any) -> None:
    ours, theirs = two_of(one)
    theirs.flush()
    with pytest.raises(UpdateError):
        ours.save()
    assert stored(one) == {}


@on_every_database
def test_a_login_takes_along_what_was_stored_meanwhile(one: Any) -> None:
    ours, theirs = two_of(one)
    theirs["cart"] = ["tea", "milk"]
    theirs.save()
    ours.cycle_key()
    assert stored(ours)["cart"] == ["tea", "milk"]
    assert stored(one) == {}


def test_clear_and_flush_drop_what_others_have_stored(one: Any) -> None:
    ours, theirs = two_of(one)
    theirs["color"] = "blue"
    theirs.save()
    ours.clear()
    ours["new"] = 1
    ours.save()
    assert stored(one) == {"new": 1}
    ours.flush()
    assert stored(one) == {}


def test_its_asynchronous_methods_merge_as_well(one: Any) -> None:
    ours, theirs = two_of(one)

    async def change() -> None:
        theirs["color"] = "blue"
        await theirs.asave()
        ours["size"] = "XL"
        await ours.asave()
        theirs["tea"] = True
        await theirs.asave()
        await ours.acycle_key()
        again = store(ours.session_key)
        data = await again.aload()
        assert (data["color"], data["size"], data["tea"]) == ("blue", "XL", True)
        await again.adelete()

    if hasattr(ours, "asave"):
        asyncio.run(change())
        assert stored(ours) == {}


class _Dated(AbstractBaseSession):  # type: ignore[misc]
    """A model of a Django project's own, as sites have them."""

    updated = DateTimeField(auto_now=True)

    class Meta:
        app_label = "dated"
        db_table = "dated_sessions"


@on_every_database
def test_a_column_of_the_projects_own_has_the_time_of_each_save(django: LiveDjango) -> None:
    class DatedStore(import_module(ENGINE).SessionStore):  # type: ignore[misc]
        @classmethod
        def get_model_class(cls) -> Any:
            return _Dated

    with connections["default"].schema_editor() as editor:
        editor.create_model(_Dated)
    session = DatedStore()
    session.save()
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    _Dated.objects.update(updated=long_ago)
    session["color"] = "blue"
    session.save()
    assert _Dated.objects.get().updated > long_ago


@pytest.mark.slow
@on_every_database
def test_nothing_is_lost_between_django_and_flask(one: Any, site: Site, django: LiveDjango) -> None:
    def count_here(request: HttpRequest) -> HttpResponse:
        request.session["visits"] += 1
        return HttpResponse("counted")

    @site.app.get("/")
    def count_there() -> str:
        session["visits"] += 1
        return "counted"

    def visit(number: int) -> int:
        client: Any = django.client() if number % 2 else site.app.test_client()
        if number % 2:
            client.cookies["sessionid"] = one.session_key
        else:
            client.set_cookie("sessionid", one.session_key)
        try:
            return int(client.get("/").status_code)
        finally:
            connections.close_all()

    with django.view(count_here), ThreadPoolExecutor(8) as pool:
        assert {*pool.map(visit, range(100))} == {200}
    assert stored(one)["visits"] == 101
