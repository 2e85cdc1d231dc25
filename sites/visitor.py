"""A visitor with a browser's cookies, who fills in the forms that a page has."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin

from interop.scenarios import DisagreementError


@dataclass(frozen=True)
class Page:
    """What a server has answered."""

    url: str
    status: int
    text: str
    location: str = ""

    @property
    def told(self) -> Any:
        """What a page under ``/tried/`` tells."""
        if self.status != 200:
            raise DisagreementError(f"{self.url} answers {self.status}")
        return json.loads(self.text)["told"]


@dataclass
class Form:
    """A form of a page: where it goes, and what it holds."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    #: the names of what can be typed in
    open: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        name = given.get("name")
        if not self.found or not name or tag not in ("input", "button"):
            return
        kind = given.get("type", "text")
        if kind in ("text", "email", "password"):
            self.found[-1].open.append(name)
        if kind not in ("checkbox", "radio", "button"):
            self.found[-1].fields[name] = given.get("value", "")


def forms_of(text: str) -> list[Form]:
    """Return the forms of a page."""
    parser = _Forms()
    parser.feed(text)
    return parser.found


def filled(text: str, values: Mapping[str, str]) -> Form:
    """Return the form of a page that asks for all of *values*, filled in with them.

    :raises DisagreementError: where the page has no such form.
    """
    for form in forms_of(text):
        if set(values) <= set(form.open):
            return Form(form.action, {**form.fields, **values})
    raise DisagreementError(f"there is no form with {', '.join(values)}")


class _StaysWhereItIs(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Visitor:
    """One browser. What a server on this machine sets, all of them get, as behind one proxy."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        # Whatever proxy the environment names, the sites are on this machine.
        proxies = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(proxies, _StaysWhereItIs())

    def get(self, url: str) -> Page:
        """Ask for a page; a redirect is not followed."""
        return self._ask(url, None)

    def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Send a form."""
        return self._ask(url, urlencode(fields).encode())

    def follow(self, page: Page) -> Page:
        """Go where redirects lead."""
        for _ in range(5):
            if not page.location:
                break
            page = self.get(urljoin(page.url, page.location))
        return page

    def fill_in(self, url: str, values: Mapping[str, str]) -> Page:
        """Fill in the form of a page that asks for all of *values*, and send it."""
        page = self.follow(self.get(url))
        form = filled(page.text, values)
        return self.post(urljoin(page.url, form.action), form.fields)

    def _ask(self, url: str, body: bytes | None) -> Page:
        request = urllib.request.Request(url, body)  # noqa: S310 - on 127.0.0.1
        request.add_header("Accept", "text/html")
        request.add_header("User-Agent", "Mozilla/5.0")
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            request.add_header("Cookie", "; ".join(pairs))
        try:
            answer = self._opener.open(request, timeout=120)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            for name, value in _cookies(answer.headers.get_all("Set-Cookie", [])):
                self.cookies.pop(name, None)
                if value:
                    self.cookies[name] = value
            text = answer.read().decode(errors="replace")
            return Page(url, answer.status, text, answer.headers.get("Location", ""))


def _cookies(headers: list[str]) -> Iterator[tuple[str, str]]:
    for header in headers:
        for name, morsel in SimpleCookie(header).items():
            yield name, "" if morsel["max-age"] == "0" else morsel.value
