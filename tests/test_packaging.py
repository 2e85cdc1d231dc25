"""What the package says of itself to those who install it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lowest import lowest

from .conftest import needs_installation

ROOT = Path(__file__).parents[1]

pytestmark = needs_installation


def test_requirements_txt_says_what_the_package_does() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    versions = dict(line.split(">=") for line in lines if not line.startswith("#"))
    assert versions.keys() == {*lowest([]), "pytest"}
    assert versions.items() <= lowest(["test"]).items()


@pytest.mark.parametrize(
    ("extra", "names"),
    [
        ("postgresql", {"psycopg[binary]"}),
        ("mysql", {"PyMySQL[rsa]"}),
        ("psycopg2", {"psycopg2"}),
        ("mysqlclient", {"mysqlclient"}),
        ("auth", {"argon2-cffi", "bcrypt"}),
        ("flask-login", {"Flask-Login"}),
    ],
)
def test_the_lowest_versions_of_every_extra_are_tested(extra: str, names: set[str]) -> None:
    assert lowest([extra]).keys() - lowest([]).keys() == names
    assert lowest([extra]).items() <= lowest(["drivers"]).items()


def test_what_make_test_needs_is_built_without_headers_of_a_database() -> None:
    assert not {"psycopg2", "mysqlclient", "mariadb"} & lowest(["test"]).keys()
