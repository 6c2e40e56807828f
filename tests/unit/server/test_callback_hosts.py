"""Which URLs may be called."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server.callback_hosts import CallbackHosts, Target

HOSTS = CallbackHosts(
    ("hooks.example.com", "only.example.com:8443", "10.0.0.0/8:8080", "127.0.0.1", "[::1]:80", "2001:db8::/32")
)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://hooks.example.com", Target("http", "hooks.example.com", 80, "/")),
        ("https://HOOKS.example.com./a/b?c=d#e", Target("https", "hooks.example.com", 443, "/a/b?c=d")),
        ("https://only.example.com:8443/x", Target("https", "only.example.com", 8443, "/x")),
        ("http://10.1.2.3:8080/", Target("http", "10.1.2.3", 8080, "/")),
        ("http://127.0.0.1:9/", Target("http", "127.0.0.1", 9, "/")),
        ("http://[::1]/", Target("http", "::1", 80, "/")),
        ("http://[2001:db8::7]:1/", Target("http", "2001:db8::7", 1, "/")),
        ("http://[::ffff:127.0.0.1]/", Target("http", "::ffff:127.0.0.1", 80, "/")),
    ],
)
def test_allowed(url: str, target: Target) -> None:
    assert HOSTS.target(url) == target


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://10.1.2.3/", "this server does not call 10.1.2.3:80"),
        ("http://169.254.169.254/latest", "this server does not call 169.254.169.254:80"),
        ("http://[::1]:81/", "this server does not call ::1:81"),
    ],
)
def test_foreign(url: str, message: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        HOSTS.target(url)
    assert (caught.value.code, caught.value.message) == ("NOT_ALLOWED", message)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://hooks.example.com/", "the callback is no http or https URL"),
        ("file:///etc/passwd", "the callback is no http or https URL"),
        ("hooks.example.com/x", "the callback is no http or https URL"),
        ("http:///x", "the callback is no http or https URL"),
        ("http://a:b@hooks.example.com/", "the URL of the callback holds a login"),
        ("http://hooks.example.com/a b", "the URL of the callback holds blanks or other than ASCII"),
        ("http://hooks.example.com:x/", "the callback is no URL: Port could not be cast to integer value as 'x'"),
        ("http://[::1/", "the callback is no URL: Invalid IPv6 URL"),
    ],
)
def test_no_url(url: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        HOSTS.target(url)
    assert caught.value.message == message


def test_nothing_is_allowed_by_itself() -> None:
    with pytest.raises(MlsqlError, match=r"does not call 127\.0\.0\.1:80"):
        CallbackHosts(()).target("http://127.0.0.1/")
    with pytest.raises(MlsqlError, match="does not call localhost:80"):
        CallbackHosts(("other", "127.0.0.0/8:81")).target("http://localhost/")


def test_a_name_is_looked_at_by_its_address() -> None:
    """localhost may be in a network; whether it is, is seen when it is called, and that address is connected to."""
    within = CallbackHosts(("127.0.0.0/8", "::1"))
    assert within.address(within.target("http://localhost:9/")) in ("127.0.0.1", "::1")
    other = CallbackHosts(("10.0.0.0/8",))
    for host in ("localhost", "2130706433", "0x7f.1"):
        target = other.target(f"http://{host}:9/")
        with pytest.raises(MlsqlError) as caught:
            other.address(target)
        assert (caught.value.code, caught.value.message) == ("NOT_ALLOWED", f"this server does not call {host}:9")


@pytest.mark.parametrize("text", ["http://a/b", "a/b", "", "a:b:c", ":80"])
def test_no_host(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        CallbackHosts((text,))
    assert caught.value.message == f"'{text}' is no host that can be called"
