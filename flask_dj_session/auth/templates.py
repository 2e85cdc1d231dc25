"""``perms`` in templates: ``perms.shop.add_order`` and ``'shop.add_order' in perms``."""

from __future__ import annotations

from typing import Any


class PermWrapper:
    """Asks the user for permissions when a template does.

    # Django 5.2, contrib/auth/context_processors.py: PermWrapper
    """

    def __init__(self, user: Any) -> None:
        self._user = user

    def __getitem__(self, app_label: str) -> _OfApp:
        return _OfApp(self._user, app_label)

    def __contains__(self, perm: str) -> bool:
        if "." not in perm:
            return bool(self[perm])
        return bool(self._user.has_perm(perm))


class _OfApp:
    def __init__(self, user: Any, app_label: str) -> None:
        self._user = user
        self._app_label = app_label

    def __getitem__(self, codename: str) -> bool:
        return bool(self._user.has_perm(f"{self._app_label}.{codename}"))

    def __bool__(self) -> bool:
        return bool(self._user.has_module_perms(self._app_label))
