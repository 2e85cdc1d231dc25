"""Django's pickled sessions, read through an allow-list and written so that Django reads them.

A signature proves that a holder of SECRET_KEY wrote a row, no more; so a pickle may build plain
values, dates, decimals, uuids, and three kinds of Django's own objects, and nothing else. Django
itself need not be installed: its objects come as plain stand-ins, which are written back under
Django's names. Django 4.2, sessions/serializers.py: PickleSerializer.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, ClassVar

from ..errors import EncodeError, PickleError
from .allowed import ALLOWED
from .budget import CostError
from .serializers import path_of_item
from .stand_ins import pytz_utc
from .unpickling import Unpickler

_DJANGO_NAMES: dict[Any, tuple[str, str]] = {
    stand_in: name
    for name, stand_in in ALLOWED.items()
    if name[0].startswith("django.") or name[0] == "pytz"
}


# The pickler of the C library checks that a class can be imported under its name, which for
# Django's names would need Django; the one in Python can be told the name to write.
_PythonPickler: Any = pickle._Pickler


class _Pickler(_PythonPickler):  # type: ignore[misc]
    def save_global(self, obj: Any, name: str | None = None) -> None:
        if obj in _DJANGO_NAMES:
            module, qualname = _DJANGO_NAMES[obj]
            self.write(pickle.GLOBAL + f"{module}\n{qualname}\n".encode("ascii"))
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch: ClassVar[dict[Any, Any]] = {
        **_PythonPickler.dispatch,
        type(pytz_utc): save_global,
        type: save_global,
    }


class PickleSerializer:
    """The serializer of old Django sites; what it writes it can read.

    :param protocol: 2 is what Python 2 reads, 4 what every Python 3 reads.
    """

    name: ClassVar[str] = "pickle"

    def __init__(self, protocol: int = 4) -> None:
        self.protocol = protocol

    def dumps(self, obj: Any) -> bytes:
        """Pickle *obj*.

        :raises EncodeError: naming the first value that is not on the allow-list.
        """
        try:
            return self._dumps(obj)
        except CostError as error:
            raise EncodeError("", error.problem) from error
        except (PickleError, pickle.PicklingError, TypeError, AttributeError) as error:
            path, value = self._first_refused("", obj)
            problem = f"is a {type(value).__name__}, which is not allowed in a pickled session"
            raise EncodeError(path, problem) from error
        except RecursionError as error:
            raise EncodeError("", "is nested too deeply to be pickled") from error

    def loads(self, data: bytes) -> Any:
        """Unpickle *data*, building nothing that is not on the allow-list.

        :raises PickleError: saying what was refused.
        """
        try:
            return Unpickler(data).load()
        except PickleError:
            raise
        except Exception as error:  # whatever a damaged one comes to
            raise PickleError("The payload is not a pickle") from error

    def _dumps(self, obj: Any) -> bytes:
        buffer = io.BytesIO()
        _Pickler(buffer, self.protocol).dump(obj)
        self.loads(buffer.getvalue())
        return buffer.getvalue()

    def _first_refused(self, path: str, value: Any) -> tuple[str, Any]:
        """Find the innermost value that cannot be written and read again."""
        items: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            items = [(path_of_item(path, key), item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        for item_path, item in items:
            try:
                self._dumps(item)
            except Exception:
                return self._first_refused(item_path, item)
        return path, value
