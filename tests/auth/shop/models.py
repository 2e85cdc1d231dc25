"""Users as projects make them: another primary key, another name to log in with, less, or more."""

from __future__ import annotations

import uuid
import warnings
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, AbstractUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac


class Customer(AbstractUser):  # type: ignore[misc]
    """A user with a UUID, who logs in with an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    phone = models.CharField(max_length=20, default="")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["username"]

    class Meta:
        app_label = "shop"


class Member(AbstractBaseUser):  # type: ignore[misc]
    """The least that Django takes for a user: a text for a key, and no permissions."""

    code = models.CharField(max_length=20, primary_key=True)
    objects = BaseUserManager()

    USERNAME_FIELD = "code"

    class Meta:
        app_label = "shop"
        db_table = "club members"


class Staff(AbstractUser):  # type: ignore[misc]
    """Django's user with one column more, as most projects have it."""

    id = models.BigAutoField(primary_key=True)
    phone = models.CharField(max_length=20, default="")

    class Meta:
        app_label = "shop"


class Guest(AbstractUser):  # type: ignore[misc]
    """A user whose sessions end with more than the password, as in pretix."""

    token = models.CharField(max_length=20, default="first")

    def get_session_auth_hash(self) -> str:
        return self._get_session_auth_hash()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        with warnings.catch_warnings():
            # Since Django 6.1 it warns of whoever names no algorithm, as many projects do.
            warnings.simplefilter("ignore")
            made: str = salted_hmac("shop.Guest", self.password + self.token, secret).hexdigest()
        return made

    class Meta:
        app_label = "shop"


class Keyless(AbstractBaseUser):  # type: ignore[misc]
    """A user without a password and without a login of its own, as where another site checks."""

    password = None
    last_login = None
    email = models.EmailField(unique=True)
    objects = BaseUserManager()

    USERNAME_FIELD = "email"

    class Meta:
        app_label = "shop"


class Lax(AbstractUser):  # type: ignore[misc]
    """A user whose password may be NULL."""

    password = models.CharField(max_length=128, null=True)

    class Meta:
        app_label = "shop"


class _Char32UUIDField(models.UUIDField):  # type: ignore[misc]
    """The key of a table that an older Django has made, as Django's notes on 5.0 advise it."""

    def db_type(self, connection: Any) -> str:
        return "char(32)"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return value.hex if isinstance(value, uuid.UUID) else value


class Elder(AbstractUser):  # type: ignore[misc]
    """A user with a UUID of before MariaDB had a type for it."""

    id = _Char32UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        app_label = "shop"


class Typed(AbstractUser):  # type: ignore[misc]
    """A user with a column of each type that a database tells."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    card = models.UUIDField(null=True)
    height = models.FloatField(null=True)
    balance = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    born = models.DateField(null=True)
    wakes = models.TimeField(null=True)
    seen = models.DateTimeField(null=True)
    likes_tea = models.BooleanField(null=True)
    visits = models.PositiveSmallIntegerField(null=True)
    steps = models.BigIntegerField(null=True)
    address = models.GenericIPAddressField(null=True)
    about = models.TextField(null=True)

    class Meta:
        app_label = "shop"
