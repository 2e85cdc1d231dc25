"""Backends that are not Django's: whose users are known here, and what stands for them.

What a site has said of its backends counts; of others, those of packages that many sites have are
known by their names, as these packages are in the autumn of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .backends import KNOWN, AllowAllUsersModelBackend, ModelBackend


@dataclass(frozen=True)
class Knowledge:
    """What is known of a backend.

    :param base: Django's backend whose rules hold for its users.
    :param checks_passwords: whether it lets in whom *base* lets in.
    :param has_users: whether it finds users at all; Django stores no path of one that does not.
    :param knows_users: whether it finds them as *base* does.
    :param gives_permissions: whether they have the permissions that *base* gives.
    :param locks_out: whether it keeps somebody from logging in for a while.
    """

    base: type[ModelBackend] = ModelBackend
    checks_passwords: bool = False
    has_users: bool = True
    knows_users: bool = True
    gives_permissions: bool = True
    locks_out: bool = False


_NO_USERS = Knowledge(has_users=False, gives_permissions=False)
_ANY_USER = Knowledge(base=AllowAllUsersModelBackend, gives_permissions=False)

#: by the backend's name, which is also that of the class that says who its users are
_BY_NAME = {
    "allauth.account.auth_backends.AuthenticationBackend": Knowledge(),
    "axes.backends.AxesBackend": Knowledge(locks_out=True),
    "axes.backends.AxesStandaloneBackend": replace(_NO_USERS, locks_out=True),
    "django_auth_ldap.backend.LDAPBackend": _ANY_USER,
    "django_cas_ng.backends.CASBackend": Knowledge(),
    "djangosaml2.backends.Saml2Backend": Knowledge(),
    "guardian.backends.ObjectPermissionBackend": _NO_USERS,
    "mozilla_django_oidc.auth.OIDCAuthenticationBackend": replace(
        _ANY_USER, gives_permissions=True
    ),
    "oauth2_provider.backends.OAuth2Backend": _ANY_USER,
    "rules.permissions.ObjectPermissionBackend": _NO_USERS,
    # Its get_user asks for SESAME_PRIMARY_KEY_FIELD, by default the primary key.
    "sesame.backends.ModelBackend": Knowledge(),
    "social_core.backends.base.BaseAuth": Knowledge(gives_permissions=False),
}
#: where python-social-auth keeps its backends, all of which inherit from BaseAuth
_SOCIAL = "social_core.backends."

_METHODS_OF_USERS = ("get_user", "user_can_authenticate")
_METHODS_OF_PERMISSIONS = ("has_perm", "has_module_perms", "get_all_permissions")


def known_by_name(path: str) -> Knowledge | None:
    """Return what is known of the backend *path* without having asked anybody."""
    if path.startswith(_SOCIAL):
        return _BY_NAME[_SOCIAL + "base.BaseAuth"]
    return _BY_NAME.get(path)


def known_by_description(told: Mapping[str, Any]) -> Knowledge | None:
    """Return what a site has said of a backend; None where it could not say anything."""
    if "problem" in told:
        return None
    methods = told["methods"]
    whose = {name: method["whose"] for name, method in methods.items()}
    locks_out = any(name.startswith("axes.") for name in told["mro"])
    if whose["get_user"] in ("absent", "base"):
        return replace(_NO_USERS, locks_out=locks_out)
    base = next((KNOWN[name] for name in told["mro"] if name in KNOWN), ModelBackend)
    # The classes of its own that say who its users are.
    own = [methods[name]["in"] for name in _METHODS_OF_USERS if whose[name] == "own"]
    named = [_BY_NAME[name] for name in own if name in _BY_NAME]
    return Knowledge(
        base=named[0].base if named else base,
        checks_passwords=not own and whose["authenticate"] == "django",
        knows_users=len(named) == len(own),
        gives_permissions=all(whose[name] == "django" for name in _METHODS_OF_PERMISSIONS),
        locks_out=locks_out,
    )


def stand_in(known: Knowledge) -> type[ModelBackend]:
    """Return a backend that does here what is known of another one."""
    names: dict[str, Any] = {"has_users": known.has_users}
    if not known.checks_passwords:
        names |= {"authenticate": _nobody, "lets_in": False}
    if not (known.has_users and known.knows_users):
        names |= {"get_user": _nobody}
    if not known.gives_permissions:
        names |= {"_permissions": _nothing}
    return type(known.base.__name__, (known.base,), names)


def _nobody(_backend: ModelBackend, *_arguments: Any, **_credentials: Any) -> None:
    return None


def _nothing(_backend: ModelBackend, *_arguments: Any) -> set[str]:
    return set()
