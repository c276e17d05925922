"""One call reaches one server and no other, takes a bounded time and reads a bounded number of bytes, whatever that server does."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import pytest

from faulty_server import HUGE, MODEL, SLOW, FaultyServer, always, ask, provider_at, said
from harness.errors import HarnessError
from harness.models import transport
from harness.models.batches import Batches
from harness.models.prices import Price
from harness.models.provider import Endpoint, ServerUnreached, provider_for
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies, key_of
from tests.models.test_provider import VENDORS, once

KEY = "sk-secret-of-the-test-0123456789"


@pytest.fixture
def keyed(monkeypatch):
    """The environment of a user with a key for an address of their own, and nothing else."""
    for name in ("HARNESS_ENDPOINT_HOST", "OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HARNESS_ENDPOINT_KEY", "HARNESS_TEST_KEY"):
        monkeypatch.setenv(name, KEY)
    return monkeypatch


def spec_at(vendor, url):
    return f"{vendor}/{MODEL}@{url}" + ("" if vendor == "anthropic" else "/v1")


def sent_key(server):
    return any(KEY in value for value in server.headers)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", SLOW)
def test_a_server_that_trickles_does_not_hold_a_call(vendor, fault):
    """Each byte comes in time and the answer never does: the deadline ends it once, and what it cost is unknown."""
    with FaultyServer(always(fault)) as server:
        began = time.monotonic()
        answer = once(provider_at(server, vendor, deadline_s=0.6), ask(1))
        assert 0.5 < time.monotonic() - began < 5
    assert (answer.status, answer.usd, answer.input_tokens) == ("error", None, None) and answer.error.startswith("DeadlinePassed: no answer within 0.6 s")
    assert set(server.attempts.values()) == {1}


def nobody():
    """The address of a port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return SimpleNamespace(url=f"http://127.0.0.1:{free.getsockname()[1]}")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_that_was_never_there_is_given_up_at_once(vendor, monkeypatch, tmp_path):
    """All calls end within seconds in one line; nothing is kept of them, and nothing booked."""
    monkeypatch.setattr(transport, "reached", set())
    server, began = nobody(), time.monotonic()
    with Replies(tmp_path / "replies.sqlite") as cache:
        asker = Asker(provider_at(server, vendor, price=Price(1.0, 1.0), max_retries=6), cache, budget_usd=1.0, concurrency=4)
        for _ in range(2):
            with pytest.raises(ServerUnreached, match=rf"no server answers at {server.url}.*: ConnectionRefusedError: .*\. Is the server started\?"):
                asker.ask_all([ask(number) for number in range(20)])
        assert asker._booked == 0 and cache.get(key_of(asker.provider.describe(), ask(1))) is None
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_that_was_there_is_tried_again(vendor, monkeypatch):
    """An interruption is waited for as long as the SDK tries, whichever client reached the server before; then it is the error of that one answer."""
    monkeypatch.setattr(transport, "PATIENCE_S", 0.0)
    with FaultyServer() as server:
        assert once(provider_at(server, vendor), ask(1)).status == "ok"
    answer = once(provider_at(server, vendor, max_retries=1), ask(1))
    assert answer.error.startswith("APIConnectionError") and answer.usd is None and answer.latency_s > 0.3


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_deadline_bounds_all_tries_together(vendor):
    """A server that asks for a pause before every try is waited for no longer than one that says nothing."""
    with FaultyServer(always("429")) as server:
        server.retry_after = "0.4"
        answer = once(provider_at(server, vendor, deadline_s=1.0, max_retries=50), ask(1))
    assert answer.error.startswith("DeadlinePassed") and answer.usd is None and 1.0 <= answer.latency_s < 5


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", HUGE)
def test_a_reply_without_bounds_is_given_up(vendor, fault):
    """As sent and as unpacked; it is not asked for again, since it may have been billed."""
    with FaultyServer(always(fault)) as server:
        answer = once(provider_at(server, vendor), ask(1))
    assert answer.error.startswith("BodyTooLarge: the reply has more than 33554432 bytes"), answer
    assert (answer.status, answer.text, answer.usd) == ("error", "", None) and set(server.attempts.values()) == {1}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_compressed_and_whole_is_read(vendor):
    """Compression itself is no fault."""
    with FaultyServer(always("gzip")) as server:
        answer = once(provider_at(server, vendor), ask(1))
    assert (answer.status, answer.text) == ("ok", said("question 1"))


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(("fault", "error"), [("long_head", "APIConnectionError"), ("deep", "RecursionError")])
def test_headers_and_nesting_have_bounds_too(vendor, fault, error):
    """Both are answers with an error, and no exception."""
    with FaultyServer(always(fault)) as server:
        answer = once(provider_at(server, vendor, max_retries=0), ask(1))
    assert answer.status == "error" and answer.error.startswith(error) and answer.usd is None


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_redirect_is_followed(vendor, keyed):
    """Not even on the same machine: the other server is not called at all, with the key or without."""
    with FaultyServer() as other, FaultyServer(always("redirect")) as server:
        server.elsewhere = other.url
        answer = once(provider_at(server, vendor), ask(1))
    assert answer.status == "error" and answer.error.startswith("Redirected: status 307") and sent_key(server)
    assert not other.attempts and not other.headers


def test_results_of_a_batch_are_not_fetched_from_another_host(keyed, tmp_path):
    """Anthropic's API says where the results lie, and the SDK would take the key there."""
    with FaultyServer() as other, FaultyServer() as server, Replies(tmp_path / "replies.sqlite") as cache:
        server.elsewhere = other.url
        batches = Batches(provider_at(server, "anthropic"), cache)
        batches.submit([ask(1)])
        with pytest.raises(HarnessError, match=r"OtherHost: the server sends us on to 127\.0\.0\.1"):
            batches.collect([ask(1)], interval_s=0.01)
    assert not other.headers


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_batch_call_has_a_deadline(vendor, tmp_path):
    """The calls of a batch end in time like any other; what may have been sent stays written down."""
    with socket.create_server(("127.0.0.1", 0)) as silent, Replies(tmp_path / "replies.sqlite") as cache:
        batches = Batches(provider_at(SimpleNamespace(url=f"http://127.0.0.1:{silent.getsockname()[1]}"), vendor, deadline_s=0.3), cache)
        with pytest.raises(HarnessError, match=r"DeadlinePassed: no whole reply within 0\.3 s"):
            batches.submit([ask(1)])
        assert cache.db.execute("SELECT COUNT(*) FROM batches").fetchone() == (1,)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_sees_what_stays_on_this_machine(vendor, variable, keyed):
    """A proxy of the environment would get the key in clear text."""
    with FaultyServer() as proxy, FaultyServer() as server:
        keyed.setenv(variable, proxy.url)
        keyed.delenv("NO_PROXY", raising=False)
        keyed.delenv("no_proxy", raising=False)
        answer = once(provider_for(spec_at(vendor, server.url)), ask(1))
    assert answer.status == "ok" and sent_key(server) and not proxy.headers


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_goes_to_the_host_that_it_was_declared_for(vendor, keyed):
    """A server on this machine that is not the declared one does without; another machine is refused by its name."""
    with FaultyServer() as server, FaultyServer() as other:
        keyed.setenv("HARNESS_ENDPOINT_HOST", server.url.removeprefix("http://").upper())
        assert {once(provider_for(spec_at(vendor, one.url)), ask(1)).status for one in (server, other)} == {"ok"}
    assert sent_key(server) and not sent_key(other)
    for host in ("gateway.example", "127.0.0.1", None):
        keyed.setenv("HARNESS_ENDPOINT_HOST", host) if host else keyed.delenv("HARNESS_ENDPOINT_HOST")
        with pytest.raises(HarnessError, match=r"HARNESS_ENDPOINT_KEY is not declared for far\.example:8443\. export HARNESS_ENDPOINT_HOST=far\.example:8443$"):
            provider_for(spec_at(vendor, "https://far.example:8443"))
    keyed.setenv("HARNESS_ENDPOINT_HOST", "far.example:8443")
    assert provider_for(spec_at(vendor, "https://FAR.example:8443")).endpoint.key() == KEY
    with pytest.raises(HarnessError, match=r"not declared for far\.example\. "):
        provider_for(spec_at(vendor, "https://far.example"))


@pytest.mark.parametrize("host", ["gateway.example", "10.0.0.7:8000", "gpu17"])
def test_a_key_leaves_this_machine_over_tls_alone(host, keyed):
    """Declared or not, and whatever variable holds it, a key is never sent to another machine in clear text."""
    keyed.setenv("HARNESS_ENDPOINT_HOST", host)
    with pytest.raises(HarnessError, match=f"the key would go to {host} in clear text. Use https://") as caught:
        provider_for(f"vllm/m@http://{host}/v1")
    assert KEY not in str(caught.value)
    with pytest.raises(HarnessError, match="in clear text"):
        Endpoint(vendor="openai", model="m", base_url=f"http://{host}/v1", key_variable="HARNESS_TEST_KEY", own=True).key()
    assert provider_for(f"vllm/m@https://{host}/v1").endpoint.key() == KEY


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_sdks_read_from_the_environment_stays_with_their_vendors(vendor, keyed):
    """An organisation and a project are left out; headers that somebody set for the vendor are refused before any call."""
    keyed.setenv("OPENAI_ORG_ID", "org-of-the-user")
    keyed.setenv("OPENAI_PROJECT_ID", "project-of-the-user")
    with FaultyServer() as server:
        assert once(provider_for(spec_at(vendor, server.url)), ask(1)).status == "ok"
        keyed.setenv(f"{vendor.upper()}_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}-of-another")
        with pytest.raises(HarnessError, match=f"{vendor.upper()}_CUSTOM_HEADERS is set .*unset {vendor.upper()}_CUSTOM_HEADERS") as caught:
            once(provider_at(server, vendor), ask(2))
    assert KEY not in str(caught.value) and "question 2" not in server.attempts
    assert not [value for value in server.headers if "-of-the-user" in value]
