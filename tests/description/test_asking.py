"""What a site says when its own Python is asked, and what stands in the way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.auth import DjangoAuth
from flask_dj_session.errors import SettingError
from flask_dj_session.settings import AUTH_DEFAULTS, DEFAULTS, ORIGIN

from .conftest import MINIMAL, ReadSite, WriteSite

pytestmark = pytest.mark.process


def _refusal(read_site: ReadSite, module: str = "mysite.settings", **options: Any) -> str:
    with pytest.raises(SettingError) as caught:
        read_site(module, **options)
    return str(caught.value)


def test_the_settings_are_those_that_django_has_with_its_defaults(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    folder = write_site("SESSION_COOKIE_AGE = 77")
    read = read_site()
    expected = {**DEFAULTS, **AUTH_DEFAULTS, "SECRET_KEY": "the site's", "SESSION_COOKIE_AGE": 77}
    del expected["SESSION_COOKIE_PARTITIONED"], expected["DEFAULT_HASHING_ALGORITHM"]
    found = {name: list(v) if isinstance(v := read[name], tuple) else v for name in expected}
    assert found == {**expected, "SECRET_KEY_FALLBACKS": []}
    assert read["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{folder}/db.sqlite3"
    assert read[ORIGIN].names == set(expected)
    assert read[ORIGIN].description.path == str(folder)


def test_what_json_has_no_words_for_arrives_as_it_is(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site("""
        import enum
        from datetime import timedelta
        from pathlib import Path
        from django.utils.functional import SimpleLazyObject, lazystr
        class Age(enum.IntEnum):
            DAY = 86400
        class Name(str, enum.Enum):
            COOKIE = "crumb"
        SECRET_KEY = b"\\xff\\x00"
        SECRET_KEY_FALLBACKS = (SimpleLazyObject(lambda: "lazy"), "")
        SESSION_COOKIE_AGE = Age.DAY
        SESSION_COOKIE_NAME = Name.COOKIE
        SESSION_COOKIE_PATH = lazystr("/here")
        CSRF_COOKIE_AGE = timedelta(days=1)
        AUTHENTICATION_BACKENDS = ("django.contrib.auth.backends.ModelBackend",)
    """)
    read = read_site()
    assert read["SECRET_KEY"] == b"\xff\x00"
    assert read["SECRET_KEY_FALLBACKS"] == ("lazy",)
    assert (read["SESSION_COOKIE_AGE"], type(read["SESSION_COOKIE_AGE"])) == (86400, int)
    assert (read["SESSION_COOKIE_NAME"], read["SESSION_COOKIE_PATH"]) == ("crumb", "/here")
    assert read["CSRF_COOKIE_AGE"] == timedelta(days=1).total_seconds()


def test_the_name_of_a_url_becomes_its_path(write_site: WriteSite, read_site: ReadSite) -> None:
    urls = """
        from django.urls import path
        urlpatterns = [path("people/enter/", lambda request: None, name="enter")]
    """
    write_site("LOGIN_URL = 'enter'", **{"mysite/urls": urls})
    assert read_site()["LOGIN_URL"] == "/people/enter/"


def test_a_name_that_leads_nowhere_stays_and_it_is_said_why(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site("LOGIN_URL = 'nowhere'")
    read = read_site()
    assert read["LOGIN_URL"] == "nowhere"
    told = read[ORIGIN].description.facts["urls"]["LOGIN_URL"]
    assert (told["url"], told["problem"]["kind"]) == (None, "NoReverseMatch")


def test_nothing_of_the_site_or_of_django_is_set_up_here(
    write_site: WriteSite, tmp_path: Path
) -> None:
    folder = write_site()
    script = (
        "import sys; from flask_dj_session import django_settings;"
        f"django_settings('mysite.settings', python=sys.executable, path={str(folder)!r});"
        "print([name for name in sys.modules if name[:6] in ('django', 'mysite')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
    assert sorted(path.name for path in folder.rglob("*")) == ["mysite", "settings.py", "urls.py"]


def test_the_environment_names_the_site(
    write_site: WriteSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_PATH", str(write_site()))
    monkeypatch.setenv("DJANGO_PYTHON", sys.executable)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mysite.settings")
    assert django_settings()[ORIGIN].description.python == sys.executable


def test_the_folder_is_the_current_one_by_default(
    write_site: WriteSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_site())
    assert django_settings("mysite.settings", python=sys.executable)["SECRET_KEY"] == "the site's"


def test_a_package_with_a_dash_that_prints_while_it_is_imported_is_read(
    write_site: WriteSite, read_site: ReadSite, capfd: pytest.CaptureFixture[str]
) -> None:
    code = """
        import os, subprocess, sys
        print('{"description": 1}')
        os.write(1, b"raw\\n")
        sys.stderr.write("noise\\n" * 20000)
        subprocess.run([sys.executable, "-c", "print('from a child')"])
        print("Vítejte …")
    """
    write_site(**{"dj4e-samples/settings": MINIMAL + "\n" + dedent(code)})
    assert read_site("dj4e-samples.settings")["SECRET_KEY"] == "the site's"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_another_encoding_of_the_site_and_its_locale_does_no_harm(
    locale: str, write_site: WriteSite, read_site: ReadSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    folder = write_site()
    text = f"# coding: latin-1\n{MINIMAL}\nSECRET_KEY = 'clé'\nprint('clé')\n"
    text += "DATABASES['default']['NAME'] = 'dáta.sqlite3'\n"
    (folder / "mysite" / "settings.py").write_text(text, encoding="latin-1")
    read = read_site()
    assert read["SECRET_KEY"] == "clé"
    assert sa.make_url(read["SQLALCHEMY_DATABASE_URI"]).database == f"{folder}/dáta.sqlite3"


def test_a_thread_and_a_process_that_the_site_starts_keep_nobody_waiting(
    write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site("""
        import subprocess, sys, threading
        threading.Thread(target=threading.Event().wait).start()
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    """)
    begun = time.monotonic()
    assert read_site()["SECRET_KEY"] == "the site's"
    assert time.monotonic() - begun < 20


def test_a_variable_that_is_missing_is_named(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site("import os; os.environ['MYSITE_PASSWORD']")
    assert _refusal(read_site) == (
        "'DJANGO_SETTINGS_MODULE' is 'mysite.settings', which needs the environment variable"
        " 'MYSITE_PASSWORD'. Set it here as it is set for Django."
    )


@pytest.mark.parametrize(
    "code",
    [
        (
            "from django.core.exceptions import ImproperlyConfigured\n"
            "raise ImproperlyConfigured('Set the KEY_OF_MINE environment variable')"
        ),
        (
            "class UndefinedValueError(Exception): ...\nraise UndefinedValueError("
            "'KEY_OF_MINE not found. Declare it as envvar or define a default value.')"
        ),
    ],
    ids=["django-environ", "decouple"],
)
def test_a_variable_that_a_reader_of_the_environment_misses_is_named(
    code: str, write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site("\n" + code)
    assert "which needs the environment variable 'KEY_OF_MINE'. Set it" in _refusal(read_site)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("int('hush')", "ValueError in line 10 of 'settings.py'."),
        ("raise SystemExit('hush')", "SystemExit in line 10 of 'settings.py'."),
        ("SECRET_KEY = 'hush", "SyntaxError in line 10 of 'settings.py'."),
        (
            "import absent",
            "ModuleNotFoundError in line 10 of 'settings.py': No module named 'absent'.",
        ),
        (
            (
                "from django.core.exceptions import ImproperlyConfigured as E\n"
                "raise E('no server at redis://me:hush@cache/')"
            ),
            "ImproperlyConfigured in line 11 of 'settings.py': no server at redis://me:***@cache/.",
        ),
        ("INSTALLED_APPS += ['nowhere']", "ModuleNotFoundError: No module named 'nowhere'."),
    ],
)
def test_a_site_that_cannot_be_set_up_is_told_with_the_place_and_without_a_secret(
    code: str, problem: str, write_site: WriteSite, read_site: ReadSite
) -> None:
    write_site("\n" + code)
    assert _refusal(read_site) == (
        f"'DJANGO_SETTINGS_MODULE' is 'mysite.settings', and the site fails in its own Python with"
        f" {problem} Make sure that 'manage.py check' works there, in the same environment."
    )


def test_a_site_that_hangs_is_ended(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site("""
        import os, threading
        open("pid", "w").write(str(os.getpid()))
        threading.Event().wait()
    """)
    assert _refusal(read_site, timeout=3) == (
        "'DJANGO_SETTINGS_MODULE' is 'mysite.settings', and the site was not set up in 3 seconds."
        " Find out what it waits for with 'manage.py check', or give it more time: 'timeout='."
    )


def test_a_python_that_ends_without_an_answer(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site("import os; os._exit(7)")
    assert "the site's Python ended with exit code 7 before it was set up." in _refusal(read_site)


def test_a_folder_that_does_not_hold_the_site(read_site: ReadSite, site_folder: Path) -> None:
    assert _refusal(read_site) == (
        "'DJANGO_SETTINGS_MODULE' is 'mysite.settings', but there is no 'mysite' on the path of the"
        " site's Python. Give the folder that holds manage.py as 'path' or 'DJANGO_PATH'; it was"
        f" {str(site_folder)!r}."
    )


def test_a_folder_that_is_not_there(read_site: ReadSite, tmp_path: Path) -> None:
    assert _refusal(read_site, path=tmp_path / "x").startswith(
        f"'DJANGO_PATH' is {str(tmp_path / 'x')!r}, and no folder."
    )


def _script(folder: Path, text: str, mode: int = 0o755) -> Path:
    file = folder / "python"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_python_that_is_not_there_or_is_none(read_site: ReadSite, tmp_path: Path) -> None:
    absent, folder = tmp_path / "absent", tmp_path / "bin"
    folder.mkdir()
    assert "which is not there. Give the interpreter" in _refusal(read_site, python=absent)
    assert "which is not there" in _refusal(read_site, python="no-such-python")
    assert "a folder. Give the interpreter in it" in _refusal(read_site, python=folder)
    silent = _script(folder, "#!/bin/sh\n")
    assert f"'DJANGO_PYTHON' is {str(silent)!r}, which is no Python." in _refusal(
        read_site, python=silent
    )
    silent.chmod(0o644)
    assert "which cannot be run (Permission denied)" in _refusal(read_site, python=silent)


def test_a_python_that_is_too_old_is_told_by_its_version(
    read_site: ReadSite, tmp_path: Path
) -> None:
    old = _script(tmp_path, '#!/bin/sh\n[ "$1" = -V ] && echo Python 2.7.18 >&2\nexit 1\n')
    assert "which is Python 2.7; a site can be asked from 3.6 on." in _refusal(
        read_site, python=old
    )


def test_a_python_without_django_is_told(read_site: ReadSite, tmp_path: Path) -> None:
    script = f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n'
    bare = _script(tmp_path, script)
    assert "where Django is not installed. Give the one that runs" in _refusal(
        read_site, python=bare
    )


def test_a_relative_python_is_meant_from_the_current_folder(
    write_site: WriteSite, read_site: ReadSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site()
    _script(tmp_path, f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    monkeypatch.chdir(tmp_path)
    assert read_site(python=os.path.join(".", "python"))["SECRET_KEY"] == "the site's"


def test_a_site_without_a_key_is_refused(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site("SECRET_KEY = ''")
    assert re.search("SECRET_KEY|not set", _refusal(read_site))


def test_an_app_works_with_what_was_read(write_site: WriteSite, read_site: ReadSite) -> None:
    write_site()
    app = Flask("tests")
    app.config.from_mapping(read_site())
    db = SQLAlchemy(app)
    auth = DjangoAuth(DjangoSessions(app, db))
    with app.app_context():
        assert auth.accounts.settings.user_model == "auth.User"
        db.engine.dispose()
