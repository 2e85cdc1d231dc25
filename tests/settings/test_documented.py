"""docs/django-settings.md shows the messages that a user really sees."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_dj_session import DjangoSessions, django_settings
from flask_dj_session.errors import SettingError

from .conftest import WriteSettings

PAGE = Path(__file__).parent.parent.parent / "docs" / "django-settings.md"
_BLOCKS = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
SHOWN = [message for block in _BLOCKS for message in block.splitlines()]

_BACKENDS = "django.contrib.sessions.backends."
#: the code of a module that makes each message, in the order of the page
CODES = [
    None,
    "import django",
    "import environ",
    "import os; os.environ['DB_PASSWORD']",
    "\n" * 13 + "int('x')",
    f"SESSION_ENGINE = '{_BACKENDS}signed_cookies'",
    f"SESSION_ENGINE = '{_BACKENDS}cache'",
    f"SESSION_ENGINE = '{_BACKENDS}cached_db'",
    "DATABASES = {'default': {}, 'logs': {}}",
    "DATABASES['default']['ENGINE'] = 'django.db.backends.oracle'",
    "DATABASES['default']['ENGINE'] = 'django.db.backends.postgresql'",
]


@pytest.mark.parametrize(("code", "message"), list(zip(CODES, SHOWN, strict=True)))
def test_a_message_is_the_one_that_is_shown(
    code: str | None,
    message: str,
    write_settings: WriteSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("django", "environ", "psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    if code is not None:
        write_settings(code)
    using = "replica" if "replica" in message else "default"
    with pytest.raises((SettingError, UserWarning)) as caught:
        _start(using)
    assert str(caught.value) == message


def _start(using: str) -> None:
    app = Flask("tests")
    app.config.from_mapping(django_settings("mysite.settings", using=using))
    DjangoSessions(app, SQLAlchemy(app))
