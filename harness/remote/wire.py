"""Calls from a session to the controller over an authenticated connection, with plain values (msgpack) in both directions: nothing that arrives is executed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing import connection as sockets
from typing import Any

import msgspec

from harness.errors import HarnessError

Address = tuple[str, int]
Handler = Callable[[str, str, list[Any]], Any]
KEY_BYTES = 32


class Disconnected(Exception):
    """The other side is gone."""


class Reply(msgspec.Struct, array_like=True):
    """What a call gave, or the error that it raised: (what, where, mend) of a HarnessError, or a text."""

    value: Any = None
    error: tuple[str, str, str] | None = None


class Connection:
    """A session's end. Calls of several threads take their turn."""

    def __init__(self, address: Address, key: bytes, name: str) -> None:
        self.turn = threading.Lock()
        try:
            self.socket = sockets.Client(address, authkey=key)
            self.socket.send_bytes(name.encode())
        except (OSError, EOFError, AuthenticationError) as error:
            raise Disconnected(str(error)) from error

    def call(self, method: str, *words: Any) -> Any:
        """What the controller's method gives. Raises Disconnected, and HarnessError where the controller says so."""
        with self.turn:
            try:
                self.socket.send_bytes(msgspec.msgpack.encode([method, *words]))
                reply = msgspec.msgpack.decode(self.socket.recv_bytes(), type=Reply)
            except (OSError, EOFError) as error:
                raise Disconnected(str(error)) from error
        if reply.error is not None:
            what, where, mend = reply.error
            raise HarnessError(what, where=where, mend=mend)
        return reply.value

    def close(self) -> None:
        self.socket.close()


class Server:
    """The controller's end: a thread for each connection, which calls `handle(session, method, words)` and, at the end, `gone(session)`."""

    def __init__(self, host: str, key: bytes, handle: Handler, gone: Callable[[str], None]) -> None:
        self.listener = sockets.Listener((host, 0), authkey=key, backlog=64)
        self.key, self.handle, self.gone = key, handle, gone
        self.over = False
        threading.Thread(target=self._accept, name="harness-controller", daemon=True).start()

    @property
    def address(self) -> Address:
        host, port = self.listener.address
        return str(host), int(port)

    def _accept(self) -> None:
        while not self.over:
            with suppress(OSError, EOFError, AuthenticationError):  # whoever does not know the key is no session
                socket = self.listener.accept()
                threading.Thread(target=self._serve, args=(socket,), name="harness-session", daemon=True).start()

    def _serve(self, socket: Any) -> None:
        name = ""
        try:
            name = socket.recv_bytes(200).decode()
            while True:
                method, *words = msgspec.msgpack.decode(socket.recv_bytes())
                socket.send_bytes(msgspec.msgpack.encode(self._reply(name, method, words)))
        except (OSError, EOFError, UnicodeDecodeError, msgspec.DecodeError, ValueError, TypeError):
            pass
        finally:
            socket.close()
            if name:
                self.gone(name)

    def _reply(self, name: str, method: str, words: list[Any]) -> Reply:
        try:
            return Reply(self.handle(name, method, words))
        except HarnessError as error:
            return Reply(error=(error.what, str(error.where or ""), str(error.mend or "")))
        except Exception as error:  # a fault of ours must not leave the session waiting
            return Reply(error=(f"the controller fails at {method}: {type(error).__name__}: {error}", "", "Report this"))

    def close(self) -> None:
        self.over = True
        self.listener.close()
