"""URLs as text: SQLAlchemy takes them apart into what they were made of."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from flask_dj_session.settings.databases.urls import file_url, server_url

from .conftest import Pretend

_text = st.text(st.characters(codec="utf-8"))
_host = st.one_of(
    st.just(""),
    st.ip_addresses().map(str),
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,5})?", fullmatch=True),
    st.sampled_from(["fe80::1%eth0", "/run/postgresql", "/run/a:b@c?d", "@abstract", "münchen"]),
)
_options = st.dictionaries(
    st.sampled_from(["sslmode", "options", "charset", "init_command"]), _text.filter(bool)
)


@given(
    user=_text,
    password=_text,
    host=_host,
    port=st.one_of(st.just(""), st.integers(1, 65535).map(str)),
    database=_text,
    query=_options,
)
def test_a_servers_url_comes_back_as_its_parts(
    user: str, password: str, host: str, port: str, database: str, query: dict[str, str]
) -> None:
    text = server_url(
        "postgresql+psycopg",
        user=user,
        password=password,
        host=host,
        port=port,
        database=database,
        query=query,
        database_key="dbname",
    )
    url = sa.make_url(text)
    found = dict(url.query)
    assert url.drivername == "postgresql+psycopg"
    assert (url.username or "", url.password or "") == (user, password)
    assert (url.host or found.pop("host", ""), url.port) == (host, int(port) if port else None)
    assert (url.database or found.pop("dbname", "")) == database
    assert found == query


@pytest.mark.parametrize("host", ["::1", "2001:db8::7", "fe80::1%eth0", "::ffff:10.0.0.1"])
def test_an_ipv6_address_stands_in_brackets(host: str) -> None:
    text = server_url(
        "postgresql+psycopg",
        user="u",
        password="",
        host=host,
        port="5432",
        database="site",
        query={},
        database_key="dbname",
    )
    assert text == f"postgresql+psycopg://u@[{host}]:5432/site"
    assert sa.make_url(text).host == host


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="?"), min_size=1).map("/".__add__)
)
def test_a_files_url_comes_back_as_its_path(name: str) -> None:
    url = sa.make_url(file_url(name, {"timeout": "20"}))
    assert (url.drivername, url.database, url.query) == ("sqlite", name, {"timeout": "20"})


@pytest.mark.parametrize(
    ("version", "text"),
    [("2.0.40", "sqlite:////srv/a%20b.sqlite3"), ("2.1.0", "sqlite:////srv/a%2520b.sqlite3")],
)
def test_percent_signs_are_quoted_for_sqlalchemy_as_it_reads_them(
    version: str, text: str, pretend: Pretend
) -> None:
    pretend("SQLAlchemy", version)
    assert file_url("/srv/a%20b.sqlite3", {}) == text
