"""Django with its sessions in the database, and with no middleware but theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import django
import sqlalchemy as sa
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.urls import path

from flask_dj_session.pytest_plugin.databases import django_entry

from ..data import filling
from ..databases import set_pragmas
from ..views import Views

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

urlpatterns: list[Any] = []


def make_site(url: str, size: str, **given: Any) -> WSGIApplication:
    """Make the site, with Django's default settings but for persistent connections and *given*."""
    configure(url, **given)
    _add_views(Views(filling(size)))
    site: WSGIApplication = get_wsgi_application()
    return site


def configure(url: str, **given: Any) -> None:
    """Begin a Django on the database at *url*; a process can do so once."""
    settings.configure(
        **given,
        SECRET_KEY="benchmark",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {**django_entry(sa.make_url(url)), "CONN_MAX_AGE": None}},
        INSTALLED_APPS=["django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    )
    connection_created.connect(_on_connect)
    django.setup()


def _on_connect(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        set_pragmas(connection.connection)


def _add_views(views: Views) -> None:
    for view in (views.begin, views.count, views.read, views.logout):
        urlpatterns.append(path(view.__name__, _over_session(view)))
    urlpatterns.append(path("untouched", lambda request: HttpResponse(views.untouched())))


def _over_session(view: Callable[[Any], str]) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: HttpResponse(view(request.session))
