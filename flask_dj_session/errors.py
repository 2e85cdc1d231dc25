"""Every exception that this package raises; no logic.

Facts are attributes. No message contains a secret, a session key, a signature or session data: a
message may contain the *names* of values in a session, but never the values.
"""

from __future__ import annotations

from click import ClickException

__all__ = [
    "Base64Error",
    "CompressionError",
    "ConflictError",
    "CreateError",
    "DatabaseHeldError",
    "DecodeError",
    "EncodeError",
    "JSONError",
    "MergeError",
    "MissingTableError",
    "MissingUserColumnError",
    "MissingUserTableError",
    "PickleError",
    "SessionInterrupted",
    "SettingError",
    "SignatureError",
    "UpdateError",
]


class CreateError(Exception):
    """A new session was not stored, because its key is taken (Django's name)."""


class UpdateError(Exception):
    """A session was not stored, because its row is gone (Django's name)."""


class SessionInterrupted(Exception):  # noqa: N818 - Django's name
    """The request's session was deleted while the request ran (Django's name).

    The error that is raised is also an :exc:`UpdateError` and a
    :class:`werkzeug.exceptions.BadRequest`, so handlers for this class and for 400 both get it.
    """


class ConflictError(Exception):
    """A session was not stored, because other requests were quicker each time.

    Only with ``SESSION_CONCURRENCY = "merge"``.

    :param attempts: how often it was tried.
    """

    def __init__(self, attempts: int) -> None:
        super().__init__(
            f"The session was not stored: at each of {attempts} attempts, another request had"
            " stored it in the meantime. Let fewer requests of one visitor change the session at"
            " the same time."
        )
        self.attempts = attempts


class MergeError(ValueError):
    """The merger of an item has failed, so the session was not stored.

    :param name: the item's name.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"The merger of the session's item {name!r} failed with {reason}. The session was not"
            " stored. Let the merger take MISSING for each of its three arguments."
        )
        self.name = name


class SettingError(ClickException, ValueError):
    """A setting cannot be used.

    Where a command of ``flask`` cannot make its app for it, the message alone stands below the
    command; a server and a program show the traceback.

    :param name: the setting's name, as in ``app.config``.
    :param problem: what is wrong with it, continuing "'NAME' ".
    :param hint: what to do, a sentence.
    """

    def __init__(self, name: str, problem: str, hint: str) -> None:
        super().__init__(f"'{name}' {problem}. {hint}")
        self.name = name


class MissingTableError(RuntimeError):
    """The table of the sessions is not in the database."""

    _hint = (
        "Run 'manage.py migrate sessions' in the Django project, or create it here with 'flask"
        " sessions create-table' ('sessions.create_table()' in code). If Django has the table"
        " already, this app uses another database: compare 'SQLALCHEMY_DATABASE_URI' with its"
        " DATABASES."
    )

    def __init__(self, table: str) -> None:
        super().__init__(f"Table '{table}' is not in the database. {self._hint}")
        self.table = table


class MissingUserTableError(MissingTableError):
    """A table of Django's login is not in the database.

    :param beside_django: whether Django has run migrations in that database.
    """

    _hint = (
        "If the project keeps its users in another database (DATABASE_ROUTERS), name it:"
        " 'DjangoAuth(sessions, bind_key=...)'. If it has another user model, set"
        " 'AUTH_USER_MODEL'. If its tables do not exist yet, run 'manage.py migrate' in the"
        " project."
    )
    _without_django = (
        " Only if there is no Django with users, create the tables here with 'flask users"
        " create-tables' ('auth.create_tables()' in code)."
    )

    def __init__(self, table: str, *, beside_django: bool = False) -> None:
        # A second table of users, beside one that is elsewhere, would make everybody nobody.
        self._hint += "" if beside_django else self._without_django
        super().__init__(table)


class MissingUserColumnError(RuntimeError):
    """The table of the users has no such column.

    :param hint: what to do, a sentence.
    """

    def __init__(self, table: str, column: str, hint: str) -> None:
        super().__init__(f"Table '{table}' has no column '{column}'. {hint}")
        self.table = table
        self.column = column


class DatabaseHeldError(RuntimeError):
    """The session cannot be written, because an open transaction locks the SQLite database.

    :param by_another: whether it is the transaction of another request.
    """

    def __init__(self, table: str, *, by_another: bool = False) -> None:
        who = "another request" if by_another else "this request"
        super().__init__(
            f"Table '{table}' cannot be written: {who} still has an uncommitted write of its own on"
            " the same SQLite database. Commit it or roll it back"
            " ('db.session.commit()' or 'db.session.rollback()') before the view returns."
        )
        self.table = table
        self.by_another = by_another


class EncodeError(TypeError, ValueError):
    """Session data cannot be stored.

    :param path: where the value is in the session, such as ``cart.items[2].price``; empty for the
        whole session.
    :param problem: what is wrong with it, continuing the path.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'The session data'} {problem}")
        self.path = path


class DecodeError(ValueError):
    """A ``session_data`` text could not be read; each subclass says at which step."""

    #: the step in one word, for programs: ``signature``, ``base64``, ``zlib``, ``json``, ``pickle``
    reason = "format"


class SignatureError(DecodeError):
    """There is no signature, or none of the keys made it."""

    reason = "signature"


class Base64Error(DecodeError):
    """The text or its payload is not base64."""

    reason = "base64"


class CompressionError(DecodeError):
    """The payload is not zlib data, or is larger than the limit once unpacked.

    :param is_too_large: whether it is the second, and the data itself is right.
    """

    reason = "zlib"

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        super().__init__(message)
        self.is_too_large = is_too_large


class JSONError(DecodeError):
    """The payload is not a JSON object."""

    reason = "json"


class PickleError(DecodeError):
    """The payload is not a pickle, or names something outside the allow-list.

    :param global_name: the name that was refused, such as ``os.system``; None if that is not the
        reason.
    """

    reason = "pickle"

    def __init__(self, message: str, global_name: str | None = None) -> None:
        super().__init__(message)
        self.global_name = global_name


class CacheValueError(ValueError):
    """What a cache holds is no data of a session; the words go on after "The entry"."""


class CacheDownError(RuntimeError):
    """The cache that keeps the sessions of an engine without a table has failed."""

    def __init__(self, alias: str, kind: str) -> None:
        super().__init__(
            f"The cache {alias!r}, which keeps the sessions, failed ({kind}). Start it, or correct"
            " 'CACHES'."
        )


class CacheListError(RuntimeError):
    """Sessions are in a cache that does not say which there are."""

    def __init__(self, alias: str) -> None:
        super().__init__(
            f"The cache {alias!r} cannot be asked which sessions it has. Redis can be, without a"
            " KEY_FUNCTION; Memcached and files cannot."
        )


class NoTableError(RuntimeError):
    """The sessions of this app are in a cache alone, and what was asked takes a table."""

    def __init__(self) -> None:
        super().__init__(
            "The sessions are in a cache alone ('SESSION_ENGINE' is Django's 'cache'), so there is"
            " no table. Its entries end by themselves: there is nothing to create or to clear."
        )
