"""Whether an address that came with a request may be redirected to; nothing is redirected here."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

#: characters; no address that a browser sends back is longer
_LONGEST = 2048

_DROPPED = str.maketrans("", "", "\t\r\n")


def url_has_allowed_host_and_scheme(
    url: str | None, allowed_hosts: Collection[str] | str | None, require_https: bool = False
) -> bool:
    r"""Return whether *url* leads to one of the hosts, or stays on the one that it is sent from.

    An address may lead to another host than it seems: browsers read ``/\evil.example`` and
    ``/<tab>/evil.example`` as another host.

    :param url: the address from the request; an empty one is refused.
    :param allowed_hosts: hosts with their ports, as in ``request.host``.
    :param require_https: whether an address with ``http:`` is refused, as on a page over HTTPS.

    # Django 5.2, utils/http.py: url_has_allowed_host_and_scheme
    """
    if not isinstance(url, str) or not url.strip():
        return False
    hosts = {allowed_hosts} if isinstance(allowed_hosts, str) else {*(allowed_hosts or ())}
    schemes = {"https"} if require_https else {"https", "http"}
    # To a browser a backslash is a slash; to others it is part of a name or a password.
    readings = (url.strip(), url.strip().replace("\\", "/"))
    return all(_leads_to(reading, hosts, schemes) for reading in readings)


def _leads_to(url: str, hosts: set[str], schemes: set[str]) -> bool:
    # Browsers skip control characters at the beginning, and slashes beyond the second.
    # Unlike Django: also where a tab or a line break, which they drop, stands between these.
    slashes = url.translate(_DROPPED).startswith("///")
    if len(url) > _LONGEST or slashes or unicodedata.category(url[0])[0] == "C":
        return False
    try:
        parts = urlsplit(url)  # which drops tabs and line breaks, too
    except ValueError:
        return False
    if not parts.netloc:
        # With a scheme, a browser takes the beginning of the path for the host.
        return not parts.scheme
    return parts.netloc in hosts and (parts.scheme or "http") in schemes
