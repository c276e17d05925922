"""A real HTTP server over sockets that speaks OpenAI's and Anthropic's APIs, batches included, and misbehaves by a plan.

A plan says what the n-th attempt at a prompt meets: "ok" or the name of a fault; "picky" refuses a temperature, as models that think do. Good answers, the
ones a vendor would bill, are counted by prompt; `times` are the seconds (of one clock) at which each attempt at a prompt came in, `headers` all values that
any call's headers had. More calls than `capacity` at a time are turned down with 429; `crowds` are how many there were as each came in. `more_headers` stand
in good answers. Batches fail as a whole with a `batch_failure`, or are refused. `elsewhere` is where it redirects to and says that the results of batches lie.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import threading
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.models.anthropic_api import AnthropicApi
from harness.models.chat import chat
from harness.models.openai_api import OpenAiApi
from harness.models.prices import Price
from harness.models.provider import Ask, Endpoint

Plan = Callable[[str, int], str]
SUPPORT = Path(__file__).parent  # a process that starts here, or has this on its path, imports this module
MODEL = "test-1"
# Those that the client mends by trying again, and those that it must own up to.
PASSING = ("429", "500", "hang", "cut", "cut_body")
LASTING = ("malformed", "empty", "wrong_model", "no_choices")
# Replies that never end, or end after more bytes than anybody reads; and those that come a byte at a time, which meet no timeout between two of them.
HUGE = ("gzip_bomb", "deflate_bomb", "double_bomb", "after_gzip", "endless")
SLOW = ("slow_head", "slow_body")
# No answer may ever hold it.
FAULT_TEXT = "FAULT-TEXT-OF-THE-SERVER"
TOKENS = {"input": 11, "output": 7}
# Of these, where the plan says "details": from the prompt cache, into it, and thought.
APART = {"cached": 4, "written": 2, "reasoning": 3}


def all_good(prompt: str, attempt: int) -> str:
    return "ok"


def seeded(seed: int, share: float, faults: tuple[str, ...]) -> Plan:
    """Strikes the first attempt at `share` of the prompts, in turn by each fault."""

    def plan(prompt: str, attempt: int) -> str:
        rng = random.Random(f"{seed}:{prompt}")
        return rng.choice(faults) if rng.random() < share and attempt == 0 else "ok"

    return plan


def said(prompt: str) -> str:
    """The answer to a prompt. It holds a line separator that is none in JSON lines."""
    return f"answer to {prompt}\u2028é"


def always(fault: str) -> Plan:
    return lambda prompt, attempt: fault


def ask(number: int, **more: Any) -> Ask:
    return Ask(**{"model": MODEL, "messages": tuple(chat(f"question {number}")), "max_tokens": 32, **more})


def provider_at(
    server: FaultyServer, vendor: str, *, price: Price | None = None, variable: str = "HARNESS_TEST_KEY", model: str = MODEL, **more: Any
) -> OpenAiApi | AnthropicApi:
    """A provider whose own address is the server: `vendor` is openai or anthropic."""
    maker, path = (OpenAiApi, "/v1") if vendor != "anthropic" else (AnthropicApi, "")
    where = Endpoint(vendor=vendor, model=model, base_url=server.url + path, key_variable=variable, own=False)
    return maker(where, price, **{"timeout_s": 3.0, "max_retries": 4, **more})


class FaultyServer:
    """Use as a context manager; `delay_s` is how long a good answer takes, `speak` makes it of the body of the call."""

    def __init__(self, plan: Plan = all_good, delay_s: float = 0.0, speak: Callable[[dict[str, Any]], str] | None = None) -> None:
        self.plan, self.delay_s, self.speak = plan, delay_s, speak
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.attempts: Counter[str] = Counter()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.billed: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.headers: set[str] = set()
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.retry_after = "0.05"
        self.capacity: int | None = None
        self.crowd, self.crowds = 0, list[int]()
        self.more_headers: dict[str, str] = {}
        self.polls_needed = 1
        self.lose_reply_of_batch = False
        self.batch_failure, self.refuse_batches = "", False
        self.elsewhere = ""
        self.http = Listener(("127.0.0.1", 0), type("Bound", (Handler,), {"faulty": self}))
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> FaultyServer:
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.005})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def count(self, prompt: str) -> int:
        with self.lock:
            self.attempts[prompt] += 1
            self.times[prompt].append(time.monotonic())
            return self.attempts[prompt] - 1

    @contextlib.contextmanager
    def at_work(self) -> Iterator[int]:
        """How many calls are there with this one."""
        with self.lock:
            self.crowd += 1
            self.crowds.append(self.crowd)
            crowd = self.crowd
        try:
            yield crowd
        finally:
            with self.lock:
                self.crowd -= 1


class Listener(ThreadingHTTPServer):
    """Closing waits for its threads. The usual queue of 5 drops connections where 64 come at once, and they come again a second later."""

    daemon_threads, request_queue_size = False, 256


class Handler(BaseHTTPRequestHandler):
    """One connection. Replies go out in one piece, since two would wait for each other (Nagle)."""

    faulty: FaultyServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 20

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.faulty.keys.add(self.key())
        self.faulty.headers.update(self.headers.values())
        if self.path in ("/v1/chat/completions", "/v1/messages", "/v1/responses"):
            body = json.loads(data)
            self.faulty.bodies.append(body)
            with self.faulty.at_work() as crowd:
                self.answer(body, "messages" in self.path, crowd)
        else:
            batch_post(self, data)

    def do_GET(self) -> None:
        batch_get(self)

    def answer(self, body: dict[str, Any], claude: bool, crowd: int = 1) -> None:
        prompt = prompt_of(body)
        fault = self.faulty.plan(prompt, self.faulty.count(prompt))
        if self.faulty.capacity is not None and crowd > self.faulty.capacity:
            fault = "429"
        if fault == "picky" and not {"temperature", "top_p"} & body.keys():
            fault = "ok"
        if fault in ("hang", "cut", "cut_body"):
            self.break_off(fault)
        elif fault.isdigit():
            self.send(int(fault), complaint(fault, self.headers.get("Authorization", "")), {"Retry-After": self.faulty.retry_after} if fault == "429" else {})
        elif fault == "picky":
            self.send(400, {"error": {"type": "invalid_request_error", "code": "unsupported_value", "param": "temperature", "message": "Unsupported value"}})
        elif fault == "malformed":
            self.send(200, b'{"id": "x", "' + FAULT_TEXT.encode())
        elif fault == "deep":
            self.send(200, b"[" * 100_000)
        elif fault == "redirect":
            self.send(307, b"", {"Location": self.faulty.elsewhere + self.path})
        elif fault == "long_head":
            self.send(200, b"{}", {"X-Long": "x" * 200_000})
        elif fault == "gzip":
            self.send(200, gzip.compress(json.dumps(whole(body, "ok", claude)).encode()), {"Content-Encoding": "gzip"})
        elif fault in HUGE:
            self.pour(*huge(fault))
        elif fault in SLOW:
            self.drip(fault)
        else:
            self.faulty.closing.wait(self.faulty.delay_s)
            self.send(200, whole(body, fault, claude, self.key(), self.faulty.speak and self.faulty.speak(body)), self.faulty.more_headers)
            self.bill(prompt, fault)

    def key(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def bill(self, prompt: str, fault: str) -> None:
        if fault == "ok":
            with self.faulty.lock:
                self.faulty.billed[prompt] += 1

    def break_off(self, fault: str) -> None:
        self.close_connection = True
        if fault == "hang":
            self.faulty.closing.wait(15)
        elif fault == "cut_body":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{" + FAULT_TEXT.encode())

    def pour(self, encoding: str, data: bytes, then: bytes) -> None:
        """The data, and `then` for as long as the client reads."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + data)
            while then and not self.faulty.closing.is_set():
                self.wfile.write(then)

    def drip(self, fault: str) -> None:
        """A byte now and then, of a header or of a body, for as long as the client waits."""
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\nX-Slow: " if fault == "slow_head" else b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
        with contextlib.suppress(OSError):
            self.wfile.write(head)
            while not self.faulty.closing.wait(0.05):
                self.wfile.write(b"1")
                self.wfile.flush()

    def send(self, status: int, reply: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> None:
        data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:  # the client was killed or gave up
            self.close_connection = True

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True


def huge(fault: str) -> tuple[str, bytes, bytes]:
    """Encoding, data and what follows without an end. Bombs unpack to 64 MiB of spaces, which JSON may begin with."""
    spaces = b" " * 2**26
    made = {
        "gzip_bomb": lambda: ("gzip", gzip.compress(spaces), b""),
        "deflate_bomb": lambda: ("deflate", zlib.compress(spaces), b""),
        "double_bomb": lambda: ("gzip, gzip", gzip.compress(gzip.compress(spaces)), b""),
        "after_gzip": lambda: ("gzip", gzip.compress(b"{}"), b"x" * 2**16),
        "endless": lambda: ("identity", b"", b" " * 2**16),
    }
    return made[fault]()


def complaint(fault: str, key: str) -> dict[str, Any]:
    """An error as both vendors write it; the careless server of this test echoes the key."""
    code = {"400": "content_filter", "401": "invalid_api_key"}.get(fault, "fault")
    return {"type": "error", "error": {"type": "api_error", "code": code, "message": f"{FAULT_TEXT} for the header {key}"}}


def whole(body: dict[str, Any], fault: str, claude: bool, key: str = "", spoken: str | None = None) -> dict[str, Any]:
    """A whole reply, good or with a fault inside; those named echo hold the `key` that came with the call."""
    prompt = prompt_of(body)
    structured = bool({"response_format", "output_config", "text"} & body.keys())
    text = {"empty": "", "thought": "", "not_json": "no json", "echo": f"Your key is {key}, twice {key}{key}."}.get(
        fault, spoken or ('{"answer": 1}' if structured else said(prompt))
    )
    others = {"wrong_model": "another-1", "near_model": "test-1-mini", "echo_model": f"model-of-{key}"}
    model = others.get(fault, f"{body['model']}-20260101")
    if claude:
        stop = {"length": "max_tokens", "thought": "max_tokens", "refusal": "refusal", "cyber": "refusal", "echo_finish": key}.get(fault, "end_turn")
        content = (
            [] if fault in ("empty", "thought", "no_choices") else [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": text}]
        )
        usage: dict[str, Any] = {"input_tokens": TOKENS["input"], "output_tokens": TOKENS["output"]}
        if fault == "details":
            usage = {"input_tokens": 5, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2, "output_tokens": TOKENS["output"]}
            usage["output_tokens_details"] = {"thinking_tokens": APART["reasoning"]}
        why = {"type": "refusal", "category": "cyber", "explanation": FAULT_TEXT} if fault == "cyber" else None
        about = {"stop_reason": stop, "stop_details": why, "usage": usage}
        return {"id": "m", "type": "message", "role": "assistant", "model": model, "content": content, **about}
    if "input" in body:
        return whole_response(fault, model, text)
    message = {"role": "assistant", "content": None if fault == "refusal" else text, "refusal": "I will not." if fault == "refusal" else None}
    finish = {"length": "length", "thought": "length", "filter": "content_filter", "echo_finish": key}.get(fault, "stop")
    choices = [] if fault == "no_choices" else [{"index": 0, "message": message, "finish_reason": finish}]
    usage = {"prompt_tokens": TOKENS["input"], "completion_tokens": TOKENS["output"], "total_tokens": 18}
    if fault == "details":
        usage["prompt_tokens_details"] = {"cached_tokens": APART["cached"], "cache_write_tokens": APART["written"], "audio_tokens": 0}
        usage["completion_tokens_details"] = {"reasoning_tokens": APART["reasoning"]}
    router = {"provider": "DeepInfra"} if fault == "routed" else {}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": model, "choices": choices, "usage": usage} | router


def prompt_of(body: dict[str, Any]) -> str:
    return str((body.get("messages") or body["input"])[-1]["content"])


def whole_response(fault: str, model: str, text: str) -> dict[str, Any]:
    """The same of the Responses API: thoughts, a comment that is no answer, and the answer."""
    said = {"type": "refusal", "refusal": "I will not."} if fault == "refusal" else {"type": "output_text", "text": text, "annotations": []}
    thoughts = {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    comment = {"type": "message", "role": "assistant", "phase": "commentary", "content": [{"type": "output_text", "text": "Let me see."}]}
    message = {"type": "message", "role": "assistant", "content": [said]}
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    output = {"thought": [thoughts], "no_choices": [], "tool": [thoughts, message, call]}.get(fault, [thoughts, comment, message])
    why = {"length": "max_output_tokens", "thought": "max_output_tokens", "filter": "content_filter", "steered": "steered"}.get(fault)
    usage: dict[str, Any] = {"input_tokens": TOKENS["input"], "output_tokens": TOKENS["output"], "total_tokens": 18}
    if fault == "details":
        usage["input_tokens_details"] = {"cached_tokens": APART["cached"], "cache_write_tokens": APART["written"]}
        usage["output_tokens_details"] = {"reasoning_tokens": APART["reasoning"]}
    failed = {"failed": {"code": "server_error", "message": FAULT_TEXT}, "policy": {"code": "bio_policy", "message": FAULT_TEXT}}.get(fault)
    status = "failed" if failed else "incomplete" if why else "completed"
    about = {"status": status, "incomplete_details": {"reason": why} if why else None, "error": failed}
    return {"id": "r", "object": "response", "model": model, "output": [] if failed else output, "usage": usage, **about}


def batch_post(handler: Handler, data: bytes) -> None:
    """Uploads and new batches. `lose_reply_of_batch` makes the server keep the batch and cut the line, once."""
    server = handler.faulty
    name = f"id-{len(server.files) + len(server.batches)}"
    if handler.path == "/v1/files":
        server.files[name] = b"\n".join(line.strip() for line in data.splitlines() if line.startswith(b'{"custom_id"'))
        handler.send(200, {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "f", "purpose": "batch", "status": "processed"})
        return
    if server.refuse_batches:
        handler.send(401, complaint("401", ""))
        return
    body = json.loads(data)
    claude = "requests" in body
    requests = body["requests"] if claude else [json.loads(line) for line in server.files[body["input_file_id"]].splitlines()]
    server.batches[name] = {"requests": requests, "metadata": body.get("metadata"), "polls": 0, "claude": claude, "made": time.time(), "done": False}
    server.batches[name]["endpoint"] = body.get("endpoint")
    if server.lose_reply_of_batch:
        server.lose_reply_of_batch = False
        handler.close_connection = True
        return
    handler.send(200, told(server, name))


def batch_get(handler: Handler) -> None:
    """A batch, all batches, or the results of one; a batch ends after `polls_needed` looks at it."""
    server, steps = handler.faulty, handler.path.partition("?")[0].removeprefix("/v1/").split("/")
    if steps[-1] == "batches":
        listed = [told(server, name) for name in reversed(server.batches)]
        handler.send(200, {"object": "list", "data": listed, "has_more": False, "first_id": None, "last_id": None})
    elif steps[-1] in ("content", "results"):
        handler.send(200, results(server, steps[-2]))
    else:
        batch = server.batches[steps[-1]]
        batch["polls"] += 1
        batch["done"] = batch["polls"] >= server.polls_needed
        if batch["done"]:
            batch.setdefault("ended", time.time())
        handler.send(200, told(server, steps[-1]))


def told(server: FaultyServer, name: str) -> dict[str, Any]:
    batch = server.batches[name]
    size = len(batch["requests"])
    if batch["claude"]:
        counts = {"processing": 0 if batch["done"] else size, "succeeded": size if batch["done"] else 0, "errored": 0, "canceled": 0, "expired": 0}
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(batch["made"]))
        about = {"processing_status": "ended" if batch["done"] else "in_progress", "request_counts": counts, "created_at": when, "expires_at": when}
        return {
            "id": name,
            "type": "message_batch",
            "results_url": f"{server.elsewhere or server.url}/v1/messages/batches/{name}/results" if batch["done"] else None,
            **about,
        }
    about = {"status": "completed" if batch["done"] else "in_progress", "metadata": batch["metadata"], "output_file_id": name if batch["done"] else None}
    if server.batch_failure:
        failure = {"code": "token_limit_exceeded", "message": server.batch_failure, "param": None, "line": None}
        about |= {"status": "failed", "output_file_id": None, "errors": {"object": "list", "data": [failure]}}
    fixed = {"object": "batch", "completion_window": "24h", "endpoint": batch["endpoint"], "input_file_id": "f"}
    return {"id": name, "created_at": int(batch["made"]), **fixed, **about}


def results(server: FaultyServer, name: str) -> bytes:
    """One line for each request, last first, since order is not promised; the plan may lose one or tell of an error."""
    lines = [line for request in reversed(server.batches[name]["requests"]) if (line := result(server, request)) is not None]
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()


def result(server: FaultyServer, request: dict[str, Any]) -> dict[str, Any] | None:
    claude = "params" in request
    body = request["params"] if claude else request["body"]
    prompt = prompt_of(body)
    fault = server.plan(prompt, server.count(prompt))
    if fault == "lost":
        return None
    good = fault != "500"
    if good:
        server.billed[prompt] += 1
    spoken = server.speak(body) if server.speak and good else ""
    if claude:
        bad = {"type": "errored", "error": {"type": "error", "error": {"type": "api_error", "message": FAULT_TEXT}}}
        return {"custom_id": request["custom_id"], "result": {"type": "succeeded", "message": whole(body, fault, True, spoken=spoken)} if good else bad}
    reply = {
        "status_code": 200 if good else 500,
        "request_id": "r",
        "body": whole(body, fault, False, spoken=spoken) if good else {"error": {"message": FAULT_TEXT}},
    }
    return {"id": "l", "custom_id": request["custom_id"], "response": reply, "error": None}
