"""``AbstractSession``: Django's three columns and its two methods, for a mapped class."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ..store import data_type, date_type, indexes_of, key_type

#: the name under which an app knows its :class:`~flask_dj_session.extension.DjangoSessions`
EXTENSION = "django_sessions"


def zone_of_current_app() -> tzinfo | None:
    """Return the zone of the site's wall clock where USE_TZ is false, else None."""
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
        expire_date = mapped_column(date_type(zone_of_current_app), nullable=False, sort_order=-1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - of the class
        # A class that is mapped to a table has none of its own to name.
        name = None if "__table__" in vars(cls) else getattr(cls, "__tablename__", None)
        return tuple(indexes_of(name)) if name else ()

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
