"""The main job: one visitor, one counter, two frameworks."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from flask import session

from .conftest import MakeSite
from .databases import EVERY_DATABASE
from .live_django import LiveDjango


def _django_counter(request: HttpRequest) -> HttpResponse:
    num_visits = request.session.get("num_visits", 0) + 1
    request.session["num_visits"] = num_visits
    if num_visits > 4:
        del request.session["num_visits"]
    return HttpResponse(f"view count={num_visits}")


def _flask_counter() -> str:
    num_visits = session.get("num_visits", 0) + 1
    session["num_visits"] = num_visits
    if num_visits > 4:
        del session["num_visits"]
    return f"view count={num_visits}"


@pytest.mark.parametrize("database_url", EVERY_DATABASE, indirect=True)
def test_a_visitor_is_counted_by_whichever_of_the_two_answers(
    make_site: MakeSite, django: LiveDjango
) -> None:
    site = make_site(table=False)
    site.app.add_url_rule("/", view_func=_flask_counter)
    flask_client, django_client = site.client, django.client()
    seen = []
    with django.view(_django_counter):
        for visit in range(12):
            if visit % 2:
                answer = django_client.get("/")
                seen.append(answer.content.decode())
                key = answer.cookies["sessionid"].value
                flask_client.set_cookie("sessionid", key)
            else:
                response = flask_client.get("/")
                seen.append(response.text)
                cookie = flask_client.get_cookie("sessionid")
                assert cookie is not None
                django_client.cookies["sessionid"] = cookie.value
    assert seen == [f"view count={1 + visit % 5}" for visit in range(12)]
    assert len(site.rows()) == 1
