"""This machine alone, in debug mode: a proxy on it asks from its own address, too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from textwrap import dedent
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_dj_session.inspector import from_this_machine

from ..conftest import Site
from .browser import served

BROWSERS = {
    "Chromium": """\
        Host: localhost:5000
        Connection: keep-alive
        sec-ch-ua: "Chromium";v="148", "Not/A)Brand";v="99"
        sec-ch-ua-mobile: ?0
        sec-ch-ua-platform: "Linux"
        Upgrade-Insecure-Requests: 1
        User-Agent: Mozilla/5.0
        Accept: text/html,application/xhtml+xml
        Sec-Purpose: prefetch;prerender
        Purpose: prefetch
        Sec-Fetch-Site: none
        Sec-Fetch-Mode: navigate
        Sec-Fetch-User: ?1
        Sec-Fetch-Dest: document
        Accept-Encoding: gzip, deflate, br, zstd
        Accept-Language: en-US,en;q=0.9
        Cookie: sessionid=unknown
        Cache-Control: max-age=0
        If-None-Match: "x"
        Save-Data: on""",
    "Firefox": """\
        Host: 127.0.0.1:5000
        User-Agent: Mozilla/5.0
        Accept: text/html,application/xhtml+xml
        Accept-Language: en-US,en;q=0.5
        Accept-Encoding: gzip, deflate, br, zstd
        DNT: 1
        Sec-GPC: 1
        Connection: keep-alive
        Referer: http://127.0.0.1:5000/
        Upgrade-Insecure-Requests: 1
        If-Modified-Since: Mon, 23 Nov 2026 12:30:15 GMT
        Sec-Fetch-Dest: document
        Priority: u=0, i
        Pragma: no-cache""",
    "Safari": """\
        Host: localhost:5000
        Accept: text/html,application/xhtml+xml
        Sec-Fetch-Site: same-origin
        Connection: keep-alive
        Authorization: Basic YTpi
        Origin: http://localhost:5000""",
}

#: what proxies on this machine have sent to port 18000 for 'curl -H "Host: site.example" -A UA' as
#: they come, Debian 12; where it is the visitor who says the Host, it is one that leads in
PROXIES = {
    "nginx 1.22, proxy_pass": """\
        HTTP/1.0
        Host: 127.0.0.1:18000
        Connection: close
        Accept: */*
        User-Agent: UA""",
    "nginx, proxy_http_version 1.1, and from 1.29.7 on": """\
        HTTP/1.1
        Host: 127.0.0.1:18000
        Accept: */*
        User-Agent: UA""",
    "nginx, proxy_set_header Connection upgrade, Host $host": """\
        HTTP/1.1
        Connection: upgrade
        Host: localhost
        Accept: */*
        User-Agent: UA""",
    "nginx, Debian's proxy_params": """\
        HTTP/1.0
        Host: localhost
        X-Real-IP: 127.0.0.1
        X-Forwarded-For: 127.0.0.1
        X-Forwarded-Proto: http
        Connection: close
        Accept: */*
        User-Agent: UA""",
    "Apache 2.4, ProxyPass": """\
        HTTP/1.1
        Host: 127.0.0.1:18000
        Accept: */*
        User-Agent: UA
        X-Forwarded-For: 127.0.0.1
        X-Forwarded-Host: site.example
        X-Forwarded-Server: localhost
        Connection: Keep-Alive""",
    "Apache 2.4, ProxyAddHeaders Off": """\
        HTTP/1.1
        Host: localhost:18000
        Accept: */*
        User-Agent: UA
        Connection: Keep-Alive""",
    "HAProxy 2.6": """\
        HTTP/1.1
        host: localhost
        accept: */*
        user-agent: UA""",
    "Caddy 2.6": """\
        HTTP/1.1
        Host: localhost
        User-Agent: UA
        Accept: */*
        X-Forwarded-For: 127.0.0.1
        X-Forwarded-Host: site.example
        X-Forwarded-Proto: http
        Accept-Encoding: gzip""",
    "Squid 5.7": """\
        HTTP/1.1
        Accept: */*
        User-Agent: UA
        Host: localhost
        Via: 1.1 vm (squid/5.7)
        Surrogate-Capability: vm="Surrogate/1.0"
        X-Forwarded-For: 127.0.0.1
        Cache-Control: max-age=259200
        Connection: keep-alive""",
    "lighttpd 1.4": """\
        HTTP/1.1
        Host: localhost
        Accept: */*
        User-Agent: UA
        X-Forwarded-For: 127.0.0.1
        X-Host: localhost
        X-Forwarded-Host: localhost
        X-Forwarded-Proto: http
        Connection: close""",
    "Varnish 7.1": """\
        HTTP/1.1
        Host: localhost
        User-Agent: UA
        Accept: */*
        X-Forwarded-For: 127.0.0.1
        Accept-Encoding: gzip
        X-Varnish: 3""",
}

#: by which proxies, balancers and networks for distribution say that they are there
HEADERS = """
    Forwarded X-Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port
    X-Forwarded-Server X-Forwarded-Prefix X-Forwarded-Ssl X-Forwarded-Scheme X-Forwarded-Protocol
    X-Forwarded-By X-Forwarded-Uri X-Forwarded-Method X-Forwarded-User X-Forwarded-Client-Cert
    X-Forwarded-For-Original X-Forward-For Forwarded-For X-Real-IP X-Real-Port X-Client-IP
    X-Cluster-Client-IP X-ProxyUser-Ip Client-IP X-Remote-IP X-Remote-Addr Remote-Addr
    True-Client-IP CF-Connecting-IP CF-Connecting-IPv6 CF-Ray CF-Visitor CF-IPCountry CDN-Loop
    Fastly-Client-IP Fastly-FF Fastly-SSL Fly-Client-IP Fly-Forwarded-Port Fly-Region
    X-Azure-ClientIP X-Azure-SocketIP X-Azure-Ref X-FD-HealthProbe X-ARR-LOG-ID X-ARR-SSL
    X-Amzn-Trace-Id X-Amz-Cf-Id X-Appengine-User-Ip X-Cloud-Trace-Context X-Envoy-External-Address
    X-Envoy-Original-Path X-Envoy-Internal X-Envoy-Expected-Rq-Timeout-Ms X-Original-URL
    X-Original-URI X-Original-Host X-Original-For X-Original-Forwarded-For X-Original-Proto
    X-Rewrite-URL X-Host X-Scheme X-Url-Scheme X-Script-Name Front-End-Https Via X-Via X-Varnish
    Surrogate-Capability Max-Forwards Proxy-Connection Proxy-Authorization Proxy-Client-IP
    WL-Proxy-Client-IP Proxy X-Proxy-ID X-Request-ID X-Correlation-ID X-Request-Start X-Queue-Start
    X-B3-TraceId Traceparent Uber-Trace-Id X-Nginx-Proxy X-Accel-Internal X-Sucuri-ClientIP
    Incap-Client-IP Ali-Cdn-Real-Ip Akamai-Origin-Hop X-Akamai-Edgescape X-Vercel-Forwarded-For
    X-Vercel-Id X-Nf-Client-Connection-Ip Do-Connecting-Ip Rndr-Id X-Railway-Edge
    Tailscale-User-Login X-Auth-Request-User X-Gateway-Proto X-Sendfile-Type SSL-Client-Cert
    X-SSL X-LB X-Haproxy-Server-State X-Unheard-Of Upgrade Transfer-Encoding Expect
    Accept-Forwarded-For.x Sec X-Accept
"""
ADDRESSES = "127.0.0.1 127.8.9.1 ::1 ::ffff:127.0.0.1"
OTHER_ADDRESSES = """
    192.168.1.7 10.0.0.1 172.17.0.1 128.0.0.1 ::ffff:10.0.0.1 ::2 fe80::1 unix: localhost 0.0.0.0
    127.0.0.1:5762 127.0.0.1,10.0.0.1
"""
HOSTS = """
    localhost localhost:5000 LocalHost:5000 127.0.0.1:5000 127.0.0.9 [::1]:80 [::1]
    [::ffff:127.0.0.1]:1 shop.localhost a-b.c.localhost:8000
"""
OTHER_HOSTS = """
    evil.example localhost.evil.example evillocalhost evil-localhost localhost.evil app
    127.0.0.1.evil.example evil.127.0.0.1 localhosts xlocalhost:5000 local .localhost a..localhost
    localhost. evil@localhost evil.example@127.0.0.1 localhost,evil.example localhost:x localhost:
    [::2] [::1 ::1 [localhost] 192.168.1.7 0.0.0.0 10.0.0.1:5000 127.1 2130706433 \u00e9
    localhost/ localhost#x //localhost localhost:80:80
"""


@pytest.fixture
def near(site: Site) -> FlaskClient:
    """Return a visitor who comes through Werkzeug's server, with a browser."""
    client = site.client
    client.environ_base.update(
        REMOTE_PORT="54321", SERVER_SOFTWARE="Werkzeug", HTTP_CONNECTION="keep-alive"
    )
    return client


@pytest.fixture
def address(site: Site) -> Iterator[tuple[str, int]]:
    """Serve the app, and return where."""
    with served(site.app) as url:
        yield "127.0.0.1", int(url.rpartition(":")[2])


def _status(address: tuple[str, int], head: str, version: str = "HTTP/1.1") -> str:
    """Send a request as it stands here, and return the status."""
    lines = [f"GET /sessions/all {version}", *dedent(head).splitlines(), "", ""]
    with socket.create_connection(address) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.makefile("rb").readline().split()[1].decode()


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_browser_may_look(address: tuple[str, int], browser: str) -> None:
    head = BROWSERS[browser]
    if browser == "Safari":
        head = head.replace(":5000", "")
    assert _status(address, head) == "200"


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_may_not(address: tuple[str, int], proxy: str) -> None:
    version, _, head = dedent(PROXIES[proxy]).partition("\n")
    assert _status(address, head, version) == "403"


@pytest.mark.slow
@pytest.mark.parametrize("header", HEADERS.split())
def test_a_header_that_browsers_do_not_send_is_refused(near: FlaskClient, header: str) -> None:
    assert near.get("/sessions/").status_code == 200
    for value in ("127.0.0.1", ""):
        assert near.get("/sessions/", headers={header: value}).status_code == 403


@pytest.mark.parametrize("header", HEADERS.split()[::10])
def test_a_test_client_with_such_a_header_is_refused(client: FlaskClient, header: str) -> None:
    assert client.get("/sessions/").status_code == 200
    assert client.get("/sessions/", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    "connection", ["close", "Keep-Alive", "upgrade", "keep-alive, x", "", None]
)
def test_another_connection_than_a_browsers_is_refused(
    near: FlaskClient, connection: str | None
) -> None:
    if connection is None:
        del near.environ_base["HTTP_CONNECTION"]
    else:
        near.environ_base["HTTP_CONNECTION"] = connection
    assert near.get("/sessions/").status_code == 403


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/0.9", "HTTP/2", "http/1.1", "INCLUDED"])
def test_another_protocol_than_a_browsers_is_refused(near: FlaskClient, protocol: str) -> None:
    environ = {"SERVER_PROTOCOL": protocol}
    assert near.get("/sessions/", environ_overrides=environ).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("known", ["REMOTE_PORT", "SERVER_SOFTWARE"])
def test_what_comes_through_a_server_is_no_test_client(client: FlaskClient, known: str) -> None:
    assert client.get("/sessions/").status_code == 200
    assert client.get("/sessions/", environ_overrides={known: "1"}).status_code == 403


@pytest.mark.parametrize("missing", ["RAW_URI", "REQUEST_URI"])
def test_a_server_that_says_little_is_no_test_client(site: Site, missing: str) -> None:
    def without(environ: dict[str, Any], start_response: Any) -> Any:
        del environ[missing]
        return application(environ, start_response)

    application = site.app.wsgi_app
    site.app.wsgi_app = without  # type: ignore[method-assign]
    assert site.client.get("/sessions/").status_code == 403


@pytest.mark.parametrize("address", ADDRESSES.split())
def test_the_same_machine_may_look(client: FlaskClient, address: str) -> None:
    answer = client.get("/sessions/", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["", *OTHER_ADDRESSES.split()])
def test_no_other_machine_may_look(client: FlaskClient, address: str) -> None:
    answer = client.get("/sessions/", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 403


def test_without_an_address_nobody_may_look(site: Site) -> None:
    client = site.client
    del client.environ_base["REMOTE_ADDR"]
    assert client.get("/sessions/").status_code == 403


@pytest.mark.parametrize("host", HOSTS.split())
def test_the_host_is_a_name_of_this_machines(client: FlaskClient, host: str) -> None:
    assert client.get("/sessions/", headers={"Host": host}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("host", ["", " ", *OTHER_HOSTS.split()])
def test_another_name_that_leads_here_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/sessions/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (400, 403)  # Flask itself refuses what can be no host


def test_a_request_without_a_host_is_refused(address: tuple[str, int]) -> None:
    assert _status(address, "Connection: keep-alive") == "403"


def test_a_program_on_the_machine_that_asks_like_a_browser_may_look(
    address: tuple[str, int],
) -> None:
    connection = HTTPConnection(*address)
    connection.request("GET", "/sessions/", headers={"Connection": "keep-alive"})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"REMOTE_ADDR": "10.0.0.1"}, "its address is not this machine's"),
        ({"HTTP_HOST": "evil.example"}, "its 'Host' is not a name of this machine for itself"),
        ({"HTTP_X_FORWARDED_FOR": "10.7.7.7"}, "it has the header 'X-Forwarded-For'"),
        ({"HTTP_CONNECTION": "close"}, "'Connection: keep-alive'"),
        ({"SERVER_PROTOCOL": "HTTP/1.0"}, "it does not have HTTP/1.1"),
    ],
)
def test_the_log_says_what_is_wrong_and_no_value(
    near: FlaskClient, caplog: pytest.LogCaptureFixture, change: dict[str, str], said: str
) -> None:
    page = near.get("/sessions/", environ_overrides=change).text
    assert "The session inspector is closed" in caplog.text
    assert said in caplog.text
    assert "Give 'Inspector(access=...)'" in caplog.text
    assert not any(value in caplog.text for value in ("10.0.0.1", "evil.example", "10.7.7.7"))
    assert "machine" not in page


def test_a_header_cannot_write_into_the_log(
    near: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    near.get("/sessions/", environ_overrides={"HTTP_X_\n\x1b[2J" + "A" * 9000: "1"})
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 400


def test_an_app_may_ask_by_itself(site: Site) -> None:
    site.app.add_url_rule("/near", view_func=lambda: str(from_this_machine()))
    assert site.client.get("/near").text == "True"
    assert site.client.get("/near", headers={"Via": "1.1 x"}).text == "False"
