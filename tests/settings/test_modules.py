"""A settings module that cannot be imported: the error says which, why, and what to do."""

from __future__ import annotations

import re
import sys
from importlib import import_module

import pytest
from django.conf import Settings

from flask_dj_session import django_settings
from flask_dj_session.errors import SettingError
from flask_dj_session.settings import ORIGIN

from .conftest import WriteSettings


def _message(module: str | None) -> str:
    with pytest.raises(SettingError, match=r"^'DJANGO_SETTINGS_MODULE' is ") as caught:
        django_settings(module)
    return str(caught.value).removeprefix("'DJANGO_SETTINGS_MODULE' is ")


def test_no_name_at_all(folder: object) -> None:
    assert _message(None) == (
        "not set. Set it to the project's settings module, such as 'mysite.settings'."
    )


@pytest.mark.parametrize("name", ["mysite/settings.py", ".settings", "mysite..settings", "."])
def test_what_is_no_name_of_a_module(name: str) -> None:
    assert (
        _message(name)
        == f"{name!r}, which is not the name of a module. Give it with dots: 'mysite.settings'."
    )


@pytest.mark.parametrize("package", ["dj4e-samples", "my site", "3d", "class", "ž"])
def test_whatever_import_module_takes_is_a_name(
    write_settings: WriteSettings, package: str
) -> None:
    module = write_settings("SESSION_COOKIE_AGE = 77", module=f"{package}.settings")
    assert import_module(module).SESSION_COOKIE_AGE == 77
    read = django_settings(module)
    assert (read["SESSION_COOKIE_AGE"], read[ORIGIN].module) == (77, module)


def test_the_environment_may_name_a_folder_with_a_dash(
    write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", write_settings(module="dj4e-samples.settings"))
    assert django_settings()["SECRET_KEY"] == Settings("dj4e-samples.settings").SECRET_KEY


def test_a_module_may_say_something_while_it_is_imported(
    write_settings: WriteSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert django_settings(write_settings("print('Loading the settings …')"))["SECRET_KEY"]
    assert capsys.readouterr().out == "Loading the settings …\n"


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("dj4e-samples.settingz", "there is no 'settingz' in the 'dj4e-samples' that was found"),
        ("dj4e-sample.settings", "there is no 'dj4e-sample' on Python's path"),
    ],
)
def test_a_name_with_a_dash_that_leads_nowhere_is_told_as_any_other(
    write_settings: WriteSettings, module: str, problem: str
) -> None:
    write_settings(module="dj4e-samples.settings")
    assert problem in _message(module)


def test_a_project_that_is_not_on_pythons_path() -> None:
    assert _message("nowhere.settings") == (
        "'nowhere.settings', but there is no 'nowhere' on Python's path."
        " Put the folder that holds manage.py on PYTHONPATH."
    )


def test_a_name_that_the_project_does_not_have(write_settings: WriteSettings) -> None:
    write_settings()
    assert _message("mysite.settingz") == (
        "'mysite.settingz', but there is no 'settingz' in the 'mysite' that was found. Correct the"
        " name. If you mean another 'mysite': Put the folder that holds manage.py on"
        " PYTHONPATH."
    )


def test_a_module_that_needs_django_where_it_is_not_installed(
    write_settings: WriteSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "django", None)
    assert _message(write_settings("import django")) == (
        "'mysite.settings', which imports Django, but Django is not installed here."
        " Run 'pip install Django', preferably in the project's version."
    )


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("import not_installed", "not_installed"),
        ("from .base import *", "mysite.base"),
        ("import django.contrib.absent", "django.contrib.absent"),
    ],
)
def test_a_module_that_imports_what_is_not_there(
    statement: str, missing: str, write_settings: WriteSettings
) -> None:
    assert _message(write_settings(statement)) == (
        f"'mysite.settings', which imports {missing!r}, but no such module is installed here."
        " Install the project's requirements here, too."
    )


_NAMED_BY = {
    "django-environ": "Set the MYSITE_DB_PASSWORD environment variable",
    "python-decouple": "MYSITE_DB_PASSWORD not found. Declare it as envvar or define a default.",
    "environs": 'Environment variable "MYSITE_DB_PASSWORD" not set',
}


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.environ['MYSITE_DB_PASSWORD']",
        *(
            f"class ImproperlyConfigured(Exception): ...\nraise ImproperlyConfigured({said!r})"
            for said in _NAMED_BY.values()
        ),
    ],
    ids=["os", *_NAMED_BY],
)
def test_a_variable_that_the_module_needs(write_settings: WriteSettings, code: str) -> None:
    assert _message(write_settings(code)) == (
        "'mysite.settings', which needs the environment variable 'MYSITE_DB_PASSWORD'."
        " Set it to the same value as for Django."
    )


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("int('hush')", "ValueError in line 4 of 'settings.py'"),
        ("{}['hush']", "KeyError in line 4 of 'settings.py'"),
        ("SECRET_KEY = 'hush", "SyntaxError in line 4 of 'settings.py'"),
        ("raise ModuleNotFoundError('hush')", "ModuleNotFoundError in line 4 of 'settings.py'"),
    ],
)
def test_a_module_that_fails_otherwise_is_not_quoted(
    code: str, problem: str, write_settings: WriteSettings
) -> None:
    assert _message(write_settings(code)) == (
        f"'mysite.settings', which fails with {problem}."
        " Make sure that Django starts with it in the same environment."
    )


def test_the_original_error_is_the_cause(write_settings: WriteSettings) -> None:
    module = write_settings("raise OSError")
    with pytest.raises(SettingError, match=re.escape("OSError in line 4")) as caught:
        django_settings(module)
    assert type(caught.value.__cause__) is OSError
