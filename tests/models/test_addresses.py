"""An address is on this machine only where every reader of it agrees, and where clouds keep credentials nothing is ever asked."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError
from harness.models.addresses import authority, checked_url, local
from harness.models.provider import Endpoint, provider_for


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "LocalHost", "[::1]", "127.0.0.1:8000", "[::1]:8000", "localhost:1"])
@pytest.mark.parametrize("scheme", ["http", "https", "HTTP"])
def test_loopback_is_local(scheme, host):
    """All of 127.0.0.0/8, ::1 and localhost, with and without a port."""
    assert checked_url(f"{scheme}://{host}/v1", "vllm/m") == f"{scheme}://{host}/v1".lower()
    assert local(f"{scheme}://{host}/v1")


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "[fd00::1]",
        "[2001:db8::1]",
        "box.lan",
        "gpu17",
        "localhost.evil.com",
        "evil-localhost",
        "x.localhost",
        "a.internal",
    ],
)
def test_a_neighbour_is_not_local(host, monkeypatch):
    """Private networks and bare names are other machines: they are asked, but with a key that was declared for them, or a word that they have none."""
    monkeypatch.delenv("HARNESS_ENDPOINT_KEY", raising=False)
    spec = f"vllm/m@http://{host}:8000/v1"
    assert not local(f"http://{host}:8000/v1")
    with pytest.raises(HarnessError, match=r"HARNESS_ENDPOINT_KEY is not set.*HARNESS_ENDPOINT_KEY=none for a server without keys"):
        provider_for(spec)
    monkeypatch.setenv("HARNESS_ENDPOINT_KEY", "none")
    assert provider_for(spec).endpoint.key() == "none"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("2130706433", "unusual spelling"),
        ("0x7f000001", "unusual spelling"),
        ("0x7f.1", "unusual spelling"),
        ("127.1", "unusual spelling"),
        ("0177.0.0.1", "unusual spelling"),
        ("127.0.0.01", "unusual spelling"),
        ("evil.127", "unusual spelling"),
        ("[::ffff:127.0.0.1]", "unusual spelling"),
        ("[::ffff:7f00:1]", "unusual spelling"),
        ("[::127.0.0.1]", "unusual spelling"),
        ("[64:ff9b::a9fe:a9fe]", "unusual spelling"),
        ("[2002:a9fe:a9fe::]", "unusual spelling"),
        ("[::ffff:169.254.169.254]", "unusual spelling"),
        ("2852039166", "unusual spelling"),
        ("0xA9FEA9FE", "unusual spelling"),
        ("[127.0.0.1]", "unusual spelling"),
        ("[::2]", "unusual spelling"),
        ("[1:2]", "unusual spelling"),
        ("0.0.0.0", "no address that can be asked"),
        ("0.1.2.3", "no address that can be asked"),
        ("[::]", "no address that can be asked"),
        ("169.254.169.254", "cloud metadata"),
        ("169.254.170.2", "cloud metadata"),
        ("[fe80::1]", "cloud metadata"),
        ("[FD00:EC2::254]", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("metadata.google.internal", "cloud metadata"),
        ("METADATA.Google.Internal", "cloud metadata"),
        ("metadata", "cloud metadata"),
        ("metadata.google.internal.", "no base URL"),
        ("169.254.169.254.", "no base URL"),
        ("localhost.", "no base URL"),
        ("127.0.0.1.", "no base URL"),
        ("127.0.0.1\\.evil.com", "no base URL"),
        ("127.0.0.1%2eevil.com", "no base URL"),
        ("127.0.0.1\t.evil.com", "no base URL"),
        ("127.0.0.1 .evil.com", "no base URL"),
        ("[::1].evil.com", "no base URL"),
        ("[::1%25lo]", "no base URL"),
        ("\uff11\uff12\uff17.0.0.1", "no base URL"),
        ("loca\u017fhost", "no base URL"),
        ("localhost:99999", "no base URL"),
        ("localhost:", "no base URL"),
        ("127.0.0.1@evil.com", "no user, password or query"),
        ("evil.com#@127.0.0.1", "no user, password or query"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_can_be_misread_is_refused(scheme, host, said):
    """In one line, online and offline, for whoever makes an endpoint; and it is not local, whoever asks."""
    url = f"{scheme}://{host}"
    assert not local(url) and not local(f"{url}/v1")
    for opening in (lambda: provider_for(f"vllm/m@{url}/v1", offline=True), lambda: Endpoint(vendor="v", model="m", base_url=url, key_variable="K", own=False)):
        with pytest.raises(HarnessError, match=said) as caught:
            opening()
        assert "\n" not in str(caught.value) and "@evil" not in str(caught.value)


def test_the_authority_is_the_host_and_the_port_that_is_not_implied():
    """What a key is declared for."""
    urls = ("https://a.example/v1", "https://a.example:443", "http://a.example:443/v1", "https://a.example:8443", "http://[::1]:80/v1")
    assert [authority(url) for url in urls] == ["a.example", "a.example", "a.example:443", "a.example:8443", "[::1]"]


@pytest.mark.parametrize("url", ["http://user:pass-word@h/v1", "HTTP://user:pass-word@h/v1", "ftp://user:pass-word@h", "https:user:pass-word@h"])
@pytest.mark.parametrize("vendor", ["openai", "opnai", "anthropic", ""])
def test_a_password_in_a_spec_is_in_no_message(vendor, url):
    """Nor is such an address taken for part of a model's name, whatever its scheme and whatever else is wrong."""
    with pytest.raises(HarnessError) as caught:
        provider_for(f"{vendor}/m@{url}", offline=True)
    assert "pass-word" not in str(caught.value)
