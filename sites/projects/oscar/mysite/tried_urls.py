"""The pages of the shop, and those of ``startproject``."""

from django.apps import apps
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from .urls import urlpatterns as own

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    *own,
    *i18n_patterns(path("", include(apps.get_app_config("oscar").urls[0]))),
]
