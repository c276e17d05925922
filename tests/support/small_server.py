"""A small inference server over sockets: what we ask of vLLM, answered by real weights and peft, and misbehaving where a test says so.

`fault` is one of: "no_lora" (adapters cannot be loaded), "deaf" (an adapter is loaded and answered without), "other" (the weights are others than ours),
"mixed" (the base is answered as the adapter that was loaded last, as vLLM does on a CPU where one is under way),
"aborted" (completions are broken off), "no_ids" (tokens are not told), "malformed" (a body that is no JSON), "unknown" (no vLLM: there is no version).
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from faulty_server import Listener
from harness.models.local import load
from harness.models.sampling import invert
from harness.seeds import generator
from harness.training.adapter_stack import load_beside


class SmallServer:
    """Use as a context manager. `bodies` are all that was posted; `version` and `fault` may be changed while it is up."""

    def __init__(self, folder: Path, fault: str = "") -> None:
        self.folder, self.fault, self.version, self.root = folder, fault, "0.32.0", str(folder)
        self.lock, self.bodies, self.adapters = threading.Lock(), list[dict[str, Any]](), dict[str, str]()
        self.bare = load(f"local/{folder}", device="cpu").model
        self.worn: dict[str, Any] = {}
        self.http = Listener(("127.0.0.1", 0), type("Bound", (Handler,), {"small": self}))
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def __enter__(self) -> SmallServer:
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.005})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def models(self) -> list[dict[str, Any]]:
        base = {"id": "little", "object": "model", "root": self.root, "parent": None, "max_model_len": 2048}
        return [base] + [{"id": name, "object": "model", "root": path, "parent": "little", "max_model_len": None} for name, path in self.adapters.items()]

    def load_adapter(self, name: str, path: str) -> None:
        """As peft reads it, beside the weights of a base of its own."""
        self.worn[name] = load_beside(load(f"local/{self.folder}", device="cpu").model, Path(path)).eval()
        self.adapters[name] = path

    def forget(self) -> None:
        """As a server that was started again."""
        self.adapters, self.worn = {}, {}

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """A completion of vLLM's form."""
        drawn: list[int] = []
        logprobs: list[float] = []
        uniforms = generator("small server", body.get("seed")).random(body["max_tokens"])
        while len(drawn) < body["max_tokens"] and not (drawn and drawn[-1] in body.get("stop_token_ids", ())):
            token, logprob = self.draw(body, [*body["prompt"], *drawn], uniforms[len(drawn)])
            drawn.append(token)
            logprobs.append(logprob)
        finish = "abort" if self.fault == "aborted" else "stop" if drawn[-1] in body.get("stop_token_ids", ()) else "length"
        choice = {
            "index": 0,
            "text": "",
            "finish_reason": finish,
            "token_ids": None if self.fault == "no_ids" else drawn,
            "logprobs": {"token_logprobs": logprobs},
        }
        return {"id": "c", "model": body["model"], "choices": [choice], "system_fingerprint": f"vllm-{self.version}-abc"}

    def answering(self, name: str) -> Any:
        """The weights that answer under a name."""
        if self.fault == "deaf":
            return self.bare
        return [self.bare, *self.worn.values()][-1] if self.fault == "mixed" and name == "little" else self.worn.get(name, self.bare)

    def draw(self, body: dict[str, Any], tokens: list[int], uniform: float) -> tuple[int, float]:
        import torch

        with torch.inference_mode():
            logits = self.answering(body["model"])(input_ids=torch.tensor([tokens])).logits[:, -1].float()
            raw = (logits * (1.05 if self.fault == "other" else 1.0)).log_softmax(dim=-1)
            if "allowed_token_ids" in body:
                chosen = body["allowed_token_ids"][0]
            elif body.get("temperature", 1.0) == 0:
                chosen = int(raw.argmax())
            else:
                chosen = int(invert(raw / body.get("temperature", 1.0), torch.tensor([uniform], dtype=torch.float64), body.get("top_p", 1.0))[0])
        return chosen, float(raw[0, chosen])


class Handler(BaseHTTPRequestHandler):
    small: SmallServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    timeout = 20

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/version" and self.small.fault != "unknown":
            self.send(200, {"version": self.small.version})
        elif self.path == "/v1/models":
            self.send(200, {"object": "list", "data": self.small.models()})
        else:
            self.send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.small.lock:
            self.small.bodies.append(body)
            if self.path == "/v1/load_lora_adapter":
                self.load_adapter(body)
            elif body["model"] != "little" and body["model"] not in self.small.adapters:
                self.send(404, {"error": {"message": f"The model `{body['model']}` does not exist.", "code": 404}})
            elif self.small.fault == "malformed":
                self.send(200, b"{")
            else:
                self.send(200, self.small.complete(body))

    def load_adapter(self, body: dict[str, Any]) -> None:
        if self.small.fault == "no_lora":
            self.send(404, {"detail": "Not Found"})
        elif body["lora_name"] in self.small.adapters:
            self.send(400, {"error": {"message": f"The lora adapter '{body['lora_name']}' has already been loaded.", "code": 400}})
        else:
            self.small.load_adapter(body["lora_name"], body["lora_path"])
            self.send(200, f"Success: LoRA adapter '{body['lora_name']}' added successfully.".encode())

    def send(self, status: int, reply: dict[str, Any] | bytes) -> None:
        data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
