"""Users whose session hash is their own, as a developer would write them for the app."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, String
from sqlalchemy.orm import mapped_column

from flask_dj_session.auth import UserMixin, salted_hmac


def pretix_user(db: Any) -> type[Any]:
    """Return the class for pretix: its hash is made of password, address and a token."""

    class User(UserMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "pretixbase_user"
        USERNAME_FIELD = "email"
        is_superuser = False  # nobody is, there
        id = mapped_column(Integer, primary_key=True)
        email = mapped_column(String(190))
        password = mapped_column(String(128))
        session_token = mapped_column(String(32))
        is_active = mapped_column(Boolean)
        last_login = mapped_column(DateTime(timezone=True))

        def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
            text = self.password + self.email + self.session_token
            salt = "pretix.base.models.User.get_session_auth_hash"
            return salted_hmac(salt, text, secret, algorithm="sha1").hexdigest()

    return User
