"""The pages of a Django project, for ``django_process`` to serve."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

print("A module of a project may say something while it is imported.")  # noqa: T201


def count(request: HttpRequest) -> HttpResponse:
    request.session["n"] = request.session.get("n", 0) + 1
    return HttpResponse(str(request.session["n"]))


def say(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.POST['word']} {request.session['n']}")


def away(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/count")


urlpatterns = [path("count", count), path("say", say), path("away", away)]
