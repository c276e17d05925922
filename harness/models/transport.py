"""The HTTP client under the vendors' SDKs: it calls one server and no other, reads replies of a bounded size, and ends every exchange in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx2

from harness.models.addresses import authority, local
from harness.models.provider import UNREACHED

# Bytes of a reply, before and after decompression: the longest answers of today take about one MiB, the results of a whole batch are read by GET.
# The headers are bounded by httpcore2 (100 KiB).
ANSWER_BYTES, RESULTS_BYTES = 32 * 2**20, 2**30
# Seconds for one try to connect; and those after which a server that this process has never reached is not tried again.
CONNECT_S, PATIENCE_S = 10.0, 2.0
# Scheme, host and port of the servers that this process has reached; and of others, when it first tried in vain.
Origin = tuple[str, str, int | None]
Note = Callable[[int, Mapping[str, str], float], None]
reached: set[Origin] = set()
first_failures: dict[Origin, float] = {}
# These described the body on the wire; the one that is handed on is whole and decompressed.
FRAMING = ("content-encoding", "content-length", "transfer-encoding")


def open_http_client(sdk: Any, error: type[Exception], base_url: str, deadline_s: float, note: Note) -> httpx2.AsyncClient:
    """A client with the SDK's own defaults (limits, socket options, the environment's proxies) and our bounds. Traffic on this machine meets no proxy.
    `note` hears of every reply: its status, its headers, and when it was asked for."""
    made = type("HttpClient", (BoundedClient, sdk.DefaultAsyncHttpxClient), {})
    direct = {f"all://{authority(base_url)}": None} if local(base_url) else {}
    client: BoundedClient = made(base_url=base_url, follow_redirects=False, mounts=direct)
    client.origin, client.error, client.deadline_s, client.note = origin(client.base_url), error, deadline_s, note
    return client


class BoundedClient(httpx2.AsyncClient):
    """`error` is the SDK's base class: what we refuse must be of it, since the SDKs try again after what they do not know, and each try may be billed."""

    origin: Origin
    error: type[Exception]
    deadline_s: float
    note: Note

    async def send(self, request: httpx2.Request, **settings: Any) -> httpx2.Response:
        """The whole reply. A server may name addresses (of results, of the next page); the key goes to no other than its own. One that was never reached is
        given up after a few seconds: a server that was not started does not come back, as one that is interrupted may."""
        if origin(request.url) != self.origin:
            raise self.refusal("OtherHost", f"the server sends us on to {request.url.host}, where the key does not belong")
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.deadline_s):
                return await self._exchange(request, {**settings, "stream": True, "follow_redirects": False})
        except TimeoutError:
            raise self.refusal("DeadlinePassed", f"no whole reply within {self.deadline_s:g} s") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            since = first_failures.setdefault(self.origin, began)
            if self.origin in reached or time.monotonic() - since < PATIENCE_S:
                raise
            raise self.refusal(UNREACHED, describe_cause(error)) from None

    async def _exchange(self, request: httpx2.Request, settings: dict[str, Any]) -> httpx2.Response:
        began = time.monotonic()
        reply = await super().send(request, **settings)
        reached.add(self.origin)
        self.note(reply.status_code, reply.headers, began)
        try:
            if reply.has_redirect_location:
                raise self.refusal("Redirected", f"status {reply.status_code}; no redirect is followed, write the final address into the spec")
            body = await self._body(reply, RESULTS_BYTES if request.method == "GET" else ANSWER_BYTES)
        finally:
            await reply.aclose()
        headers = [(name, value) for name, value in reply.headers.multi_items() if name not in FRAMING]
        return httpx2.Response(reply.status_code, headers=headers, content=body, request=request, extensions=reply.extensions)

    async def _body(self, reply: httpx2.Response, most: int) -> bytes:
        """Bounded twice: a few bytes may unpack to many, and many may unpack to none."""
        pieces = self._bounded(reply.aiter_raw(), most)
        if "content-encoding" in reply.headers:
            packed = httpx2.Response(reply.status_code, headers=reply.headers, content=pieces, request=reply.request)
            pieces = self._bounded(packed.aiter_bytes(), most)
        return b"".join([piece async for piece in pieces])

    async def _bounded(self, pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > most:
                raise self.refusal("BodyTooLarge", f"the reply has more than {most} bytes")
            yield piece

    def refusal(self, kind: str, text: str) -> Exception:
        error: Exception = type(kind, (self.error,), {})(text)
        return error


def describe_cause(error: BaseException) -> str:
    """What lies behind an exception at the bottom: the operating system's or the resolver's own words."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def origin(url: httpx2.URL) -> Origin:
    """Scheme, host and port, the port None where the scheme implies it."""
    return url.scheme, url.host, url.port
