"""A member of a model set whose server is not there: an error, or left out with the reason where the set says that it is optional."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from harness.domains.convergence.fixtures.model_set import MemberAnswers, answers_of
from harness.fixtures.standalone import Workbench
from harness.models import transport
from harness.models.chat import chat
from harness.models.provider import ServerUnreached
from harness.models.responder import Conversation, ModelEntry
from harness.models.responders import ResolverContext


def ask(tmp_path: Path, optional: bool) -> MemberAnswers:
    with socket.create_server(("127.0.0.1", 0)) as free:
        spec = f"vllm/test-1@http://127.0.0.1:{free.getsockname()[1]}/v1"
    resolver = ResolverContext(loaded=lambda _: None, cache=tmp_path / "replies.sqlite", root=tmp_path)  # type: ignore[arg-type, return-value]
    asked: Any = answers_of._get_wrapped_function()(Workbench(tmp_path).gather, {"max_tokens": 8}, (1,), resolver, lambda *_: None)
    found: MemberAnswers = asked(ModelEntry(name="far", spec=spec, optional=optional), [Conversation(id="a", turns=tuple(chat("Why?")))], "answers")
    return found


def test_an_optional_member_whose_server_is_not_there_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PATIENCE_S", 0.0)
    found = ask(tmp_path, optional=True)
    assert not found.rows and "no server answers at" in found.missing
    with pytest.raises(ServerUnreached, match="no server answers at"):
        ask(tmp_path, optional=False)
