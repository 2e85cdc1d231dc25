"""The mapped class of the table, for queries, ``db.create_all()`` and Alembic.

Sessions themselves are read and written by ``store``; what is here reads rows as objects.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from .store import TABLE_NAME, ExpireDate, data_type, indexes_of, key_type

#: the name under which an app knows its :class:`~flask_dj_session.extension.DjangoSessions`
EXTENSION = "django_sessions"


def _naive_zone() -> tzinfo | None:
    zone: tzinfo | None = current_app.extensions[EXTENSION].settings.naive_zone
    return zone


class AbstractSession:
    """Django's three columns, to be inherited together with ``db.Model``.

    An app that adds columns names its class to ``DjangoSessions(model=...)``, and overrides
    :meth:`.DjangoSession.extra_columns` to fill them. A class with ``__table_args__`` of its own
    starts them with ``*AbstractSession.indexes(TABLE_NAME)``.

    # Django 5.2, sessions/base_session.py: AbstractBaseSession
    """

    if TYPE_CHECKING:
        session_key: Mapped[str]
        session_data: Mapped[str]
        #: aware, whatever the site's USE_TZ
        expire_date: Mapped[datetime]

        def __init__(self, **columns: Any) -> None: ...
    else:
        # Without annotations, since a base that makes dataclasses takes none from a mixin.
        session_key = mapped_column(key_type(), primary_key=True, sort_order=-3)
        session_data = mapped_column(data_type(), nullable=False, sort_order=-2)
        expire_date = mapped_column(ExpireDate(_naive_zone), nullable=False, sort_order=-1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - of the class
        return tuple(indexes_of(cls.__tablename__))  # type: ignore[attr-defined]

    @staticmethod
    def indexes(table_name: str) -> list[sa.Index]:
        """Return new indexes as Django's migration makes them."""
        return indexes_of(table_name)

    def __str__(self) -> str:
        return self.session_key

    def __repr__(self) -> str:
        # A session key in a log would be as good as the cookie.
        return f"<{type(self).__name__}>"

    def get_decoded(self) -> dict[str, Any]:
        """Return the data of the row; what cannot be read is empty, and is logged."""
        data: dict[str, Any] = current_app.extensions[EXTENSION].session().decode(self.session_data)
        return data


_made: WeakKeyDictionary[SQLAlchemy, dict[str | None, type[AbstractSession]]] = WeakKeyDictionary()


def model_on(db: SQLAlchemy, bind_key: str | None) -> type[AbstractSession]:
    """Return the mapped class of ``django_session`` on *db*; it is made once.

    :raises RuntimeError: where the app maps a table of that name itself.
    """
    made = _made.setdefault(db, {})
    if bind_key not in made:
        made[bind_key] = _make_model(db, bind_key)
    return made[bind_key]


def _make_model(db: SQLAlchemy, bind_key: str | None) -> type[AbstractSession]:
    if bind_key in db.metadatas and TABLE_NAME in db.metadatas[bind_key].tables:
        raise RuntimeError(
            f"'db' has a table '{TABLE_NAME}' already. Let its class inherit from"
            " 'AbstractSession' and pass it: 'DjangoSessions(app, db, model=...)'."
        )
    names: dict[str, Any] = {
        "__module__": __name__,
        "__tablename__": TABLE_NAME,
        "__doc__": "A row of Django's table ``django_session``.",
    }
    if bind_key is not None:
        names["__bind_key__"] = bind_key
    return type("Session", (AbstractSession, db.Model), names)
