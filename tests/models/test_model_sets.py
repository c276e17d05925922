"""Sets of models in YAML: what they may say, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faulty_server import MODEL, FaultyServer, always
from harness.errors import HarnessError
from harness.measures.responses import Responses
from harness.models.chat import chat
from harness.models.model_sets import load_model_set
from harness.models.provider import Routing
from harness.models.responder import Conversation, ModelEntry, SamplingParams
from harness.models.responders import ResolverContext, open_responder

ROOT = Path(__file__).parents[2]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "set.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "model_sets").glob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_sets_are_sound(path):
    """Every set of ours loads, has controls of both kinds, and names personas that exist."""
    found = load_model_set(path).members
    kinds = {member.kind for member in found}
    assert {"model", "repeat", "null"} <= kinds
    for member in found:
        assert not member.persona or (ROOT / "personas" / f"{member.persona}.yaml").exists()
        if member.kind in ("guise", "repeat"):
            assert member.spec in {other.spec for other in found if other.kind == "model"}, f"{member.name} repeats nobody"


def test_members_keep_their_declared_order(tmp_path):
    """The order is the promise of who is taken first; YAML's order is kept."""
    found = load_model_set(written(tmp_path, "title: t\nmembers:\n  zeta: {spec: null/words}\n  alpha: {spec: null/stock}\n")).members
    assert [member.name for member in found] == ["zeta", "alpha"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: t\nmembers:\n  a: {spec: local/x, persona: villain}\n", "a persona makes a guise"),
        ("title: t\nmembers:\n  a: {spec: local/x, kind: guise}\n", "a guise needs a persona"),
        ("title: t\nmembers:\n  a: {spec: local/x}\n  b: {spec: local/x}\n", "b is a again"),
        ("title: t\nmembers:\n  a: {spec: local/x, sed: 1}\n", "unknown field `sed`"),
        ("title: t\nmembers:\n  a: {kind: model}\n", "missing required field `spec`"),
        ("title: t\nmembers:\n  a: {spec: replay/x.jsonl, seed: 3}\n", "a recording was made as it was made"),
        ("title: t\nmembers: {}\n", "a title and members by name"),
        ("members:\n  a: {spec: local/x}\n", "a title and members by name"),
        ("title: [\n", "not valid YAML"),
        ("title: t\nmembers:\n  a b: {spec: local/x}\n", "a plain name"),
    ],
)
def test_mistakes_are_one_line(tmp_path, text, told):
    """Each mistake names the file, the member and the mend, on one line."""
    with pytest.raises(HarnessError, match=told) as error:
        load_model_set(written(tmp_path, text))
    assert "set.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_set_is_told(tmp_path):
    with pytest.raises(HarnessError, match="there is no such file"):
        load_model_set(tmp_path / "none.yaml")


ROUTES = {"order": ["deepinfra", "together"], "only": ["deepinfra"], "quantizations": ["fp8"], "allow_fallbacks": False}


def opened_at(server, tmp_path, fields):
    """The responder of a one-member set, its router's address being the server."""
    path = tmp_path / "set.yaml"
    path.write_text(f"title: One\nmembers:\n  a: {json.dumps({'spec': f'openrouter/{MODEL}@{server.url}/v1', **fields})}\n")
    [entry] = load_model_set(path).members
    means = ResolverContext(loaded=lambda spec: None, cache=tmp_path / "r.sqlite", root=tmp_path)
    return open_responder(entry, SamplingParams(max_tokens=9), means)


@pytest.mark.parametrize(("fields", "stored"), [({"routing": ROUTES}, "fp8"), ({"routing": {"only": ["x"]}}, ""), ({}, "")])
def test_a_member_says_which_providers_a_router_may_choose(fields, stored, tmp_path):
    """It is sent beside the demand that every parameter be taken, and described; who answered is in the row, with the quantisation where one is left."""
    with FaultyServer(always("routed")) as server:
        responder = opened_at(server, tmp_path, fields)
        [row] = Responses(responder).score([Conversation(id="t", turns=tuple(chat("Hi")))])
    asked = {"require_parameters": True, **fields.get("routing", {})}
    assert server.bodies[0]["provider"] == asked == json.loads(json.dumps(responder.describe()["provider"]["routing"]))
    assert (row["status"], row["provider"], row["quantization"]) == ("ok", "DeepInfra", stored)


def test_whoever_has_no_router_has_none_to_restrict(tmp_path):
    """A vendor's own API, weights and null models: the mistake is told where the member is opened; another field of the router's, where the set is read."""
    means = ResolverContext(loaded=lambda spec: None, cache=tmp_path / "r.sqlite", root=tmp_path, offline=True)
    for spec in ("openai/gpt-4o", "anthropic/claude-haiku-4-5", "null/stock"):
        with pytest.raises(HarnessError, match=r"there is one provider, and none to choose|takes no routing"):
            open_responder(ModelEntry(name="a", spec=spec, routing=Routing(only=("x",))), SamplingParams(max_tokens=9), means)
    (tmp_path / "set.yaml").write_text("title: One\nmembers:\n  a: {spec: openrouter/a/b, routing: {olny: [x]}}\n")
    with pytest.raises(HarnessError, match=r"set.yaml:3: a is not a member: Object contains unknown field `olny`"):
        load_model_set(tmp_path / "set.yaml")
