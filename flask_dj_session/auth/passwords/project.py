"""Hashers that a Django project has written itself, imported by their dotted names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...errors import SettingError
from .argon2_bcrypt import refuse_damaged_argon2
from .hasher import Hasher


class ProjectHasher(Hasher):
    """A hasher of Django's kind, behind the doors of those here; its parameters are its own.

    :param hasher: of a subclass of Django's BasePasswordHasher, which takes Django.
    """

    #: Django's kind need not know how, and then warns
    hardens_always = False

    def __init__(self, hasher: Any) -> None:
        self.name = hasher.algorithm
        self._hasher = hasher

    def encode(self, password: str) -> str:
        """Encode *password* with a new salt."""
        hasher = self._loaded()
        encoded: str = hasher.encode(password, hasher.salt())
        return encoded

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether *password* is the one that was encoded."""
        hasher = self._loaded()
        if self._library == "argon2":  # of which Django's refuses at once what is damaged
            refuse_damaged_argon2(encoded)
        try:
            return bool(hasher.verify(password, encoded))
        except (LookupError, AssertionError, AttributeError) as error:
            raise ValueError("It is damaged.") from error

    def must_update(self, encoded: str) -> bool:
        """Return whether the hasher wants it encoded anew."""
        return bool(self._loaded().must_update(encoded))

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do the work that *encoded* has too little of."""
        self._loaded().harden_runtime(password, encoded)

    def _loaded(self) -> Any:
        # Django's would raise ValueError, which is what a damaged text raises as well.
        module = self._library
        if module:
            try:
                import_module(module)
            except ImportError as error:
                raise RuntimeError(
                    f"A password is encoded with {self.name}, and '{module}' cannot be imported."
                    " Install it."
                ) from error
        return self._hasher

    @property
    def _library(self) -> str | None:
        library = getattr(self._hasher, "library", None)
        return library if isinstance(library, str) or not library else str(library[1])


def import_hasher(path: str) -> Hasher:
    """Make the hasher of this dotted name: Django's kind, or a :class:`.Hasher`.

    :raises SettingError: where there is none.
    """
    module, _, name = path.rpartition(".")
    try:
        hasher = getattr(import_module(module), name)()
    except Exception as error:  # a module of the project's own may raise anything
        raise SettingError("PASSWORD_HASHERS", *_failed(path)) from error
    if isinstance(hasher, Hasher):
        return hasher
    if not isinstance(getattr(hasher, "algorithm", None), str):
        raise SettingError(
            "PASSWORD_HASHERS",
            f"names '{path}', which has no name in 'algorithm'",
            "Name a hasher of Django's kind.",
        )
    return ProjectHasher(hasher)


def _failed(path: str) -> tuple[str, str]:
    if path.endswith(".CryptPasswordHasher"):
        return (
            f"names '{path}', which needs Django before 5.1 and Python before 3.13",
            "Remove it from the list. Users who have such a password need a new one.",
        )
    return (
        f"names '{path}', which cannot be imported here",
        "Put its module on PYTHONPATH and install Django, or pass a Hasher in its place.",
    )
