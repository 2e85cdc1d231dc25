"""The pages of ``startproject``, and those of allauth."""

from django.urls import include, path

from .urls import urlpatterns as own

urlpatterns = [*own, path("accounts/", include("allauth.urls"))]
