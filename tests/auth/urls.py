"""Django's twin of a view for those who are logged in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def secret(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [re_path("^secret", login_required(secret), name="secret")]
