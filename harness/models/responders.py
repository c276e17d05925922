"""From a member of a model set to somebody who answers. A kind of respondent is an opener, registered by an entry point of
the group `harness.responders` under the prefix of its specs; specs that no prefix claims go to the APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, explain_failure
from harness.extensions import load, origin, responders
from harness.models import null_responder, replay_responder
from harness.models.api_responder import ApiResponder
from harness.models.local import PREFIX as LOCAL
from harness.models.local import identity, spec_files
from harness.models.local_responder import LocalResponder
from harness.models.model import Model
from harness.models.prices import Price
from harness.models.provider import Provider, Routing, provider_for
from harness.models.recordings import files_of
from harness.models.responder import ModelEntry, Responder, SamplingParams
from harness.models.sampling import Server
from harness.models.transcript_responder import TranscriptResponder
from harness.opened_files import opened_files

# In a spec: the name of the call that asks, so that each arm of a comparison has a recording of its own.
CALL = "{name}"


@dataclass(frozen=True, kw_only=True)
class ResolverContext:
    """What opening may need: `loaded(spec)` gives local weights, `cache` is the file of paid replies, `run` (name, US dollars) the run's budget, `server`
    draws the answers of local weights. `batch` sends what APIs are asked to their batch endpoints."""

    loaded: Callable[[str], Model]
    cache: Path
    root: Path
    concurrency: int = 16
    run: tuple[str, float] | None = None
    offline: bool = False
    server: Server | None = None
    batch: bool = False


def open_responder(member: ModelEntry, drawing: SamplingParams, means: ResolverContext) -> Responder:
    """The respondent that a member names. Raises HarnessError for a spec that nobody knows, a missing key (unless offline), or a bad recording."""
    point = responders().get(member.spec.partition("/")[0])
    if point is None:
        return from_api(member, drawing, means)
    if given := [name for name in ("reasoning", "routing") if getattr(member, name) is not None]:
        raise HarnessError(f"{member.spec} takes no {given[0]}", where=member.name, mend="Leave it out: it is for models behind APIs")
    opener = load(point, f"the responder of {member.spec}")
    with explain_failure(f"the responder of {member.spec} cannot be opened", origin(point)):
        opened: object = opener(member, drawing, means)
    if lacking := [name for name in ("describe", "groups", "answers") if not callable(getattr(opened, name, None))]:
        told = f"the responder of {member.spec} is {type(opened).__name__} and has no {', '.join(lacking)}"
        raise HarnessError(told, where=origin(point), mend="Return an object with the methods of harness.models.responder.Responder")
    return cast(Responder, opened)


def from_weights(member: ModelEntry, drawing: SamplingParams, means: ResolverContext) -> Responder:
    """Local weights: in chat, or, where they have no chat template, by continuing a transcript."""
    model = means.loaded(member.spec)
    kind = TranscriptResponder if member.base or not model.tokenizer.chat_template else LocalResponder
    return kind(model, drawing, member.system, means.server)


def from_recording(member: ModelEntry, drawing: SamplingParams, means: ResolverContext) -> Responder:  # noqa: ARG001  a recording was drawn long ago
    return replay_responder.open_responder(member.spec, means.root)


def from_nothing(member: ModelEntry, drawing: SamplingParams, means: ResolverContext) -> Responder:  # noqa: ARG001  a null model needs nothing
    return null_responder.open_responder(member.spec, drawing)


def from_api(member: ModelEntry, drawing: SamplingParams, means: ResolverContext) -> Responder:
    provider = provider_for(member.spec, offline=means.offline)
    if member.price is not None:
        provider.price = Price(*member.price)
    if member.routing is not None:
        route(provider, member.routing)
    bounds: dict[str, Any] = {"concurrency": means.concurrency, "usd": member.usd, "run": means.run, "offline": means.offline, "batch": means.batch}
    return ApiResponder(provider, means.cache, drawing, member.system, reasoning=member.reasoning, **bounds)


def route(provider: Provider, routing: Routing) -> None:
    """Restricts whom a router may choose. Raises HarnessError for a provider that is none."""
    told: Callable[[Routing], None] | None = getattr(provider, "route", None)
    if told is None:
        raise HarnessError("there is one provider, and none to choose", where=provider.name, mend="Leave routing out, or ask openrouter/…")
    told(routing)


def identity_of_spec(spec: str, root: Path, dtype: str) -> dict[str, Any]:
    """What answers under a spec, as far as this machine can know without loading it: weights and recordings by their content, other responders by their code,
    models of APIs by nothing but their name. Files are declared by it. Raises HarnessError for weights, a recording or a vendor that is not there."""
    if spec.startswith(LOCAL):
        found = identity(spec, dtype)
        opened_files.declare(*spec_files(spec))
        return found
    if CALL in spec:  # a recording that is opened in a cell is an input of that cell
        return {}
    if spec.startswith(replay_responder.PREFIX):
        replay = replay_responder.open_responder(spec, root)
        opened_files.declare(*files_of(replay.recording.path))
        return replay.describe()
    point = responders().get(spec.partition("/")[0])
    if point is not None:
        return {"code": code_fingerprint(point.module)}
    provider_for(spec, offline=True)
    return {}
