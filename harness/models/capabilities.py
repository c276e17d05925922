"""What is known of a vendor's models: the sampling parameters that they take, whether they think, the API that serves them, context and prices.

All of it is data: models.yaml, with dates and sources. A model that is not there is unknown: nothing is assumed of it, what was asked is sent, and its server
decides.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from harness.errors import HarnessError, nearest
from harness.models.model_names import same_model
from harness.models.prices import Price

FILE = Path(__file__).with_name("models.yaml")
# Efforts of reasoning, as the vendors name them, the least first.
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[str, ...] = get_args(Effort)
# How much a model is to think: an effort, or a number of tokens; None is its own default.
Reasoning = Effort | Annotated[int, msgspec.Meta(ge=1)] | None


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model; None is unknown.

    `takes` names the sampling parameters that it always takes, `unthinking` those that it takes only where it does not think. `thinks`: never, when asked,
    by default, or always. `efforts` are those that it takes, `effort` is its default. `thinking` is how Claude is told to think (by an effort, adaptively, or
    by a number of tokens), `off` how it is told not to. `context` is in tokens.
    """

    takes: tuple[str, ...] | None = None
    unthinking: tuple[str, ...] = ()
    thinks: Literal["never", "asked", "default", "always"] | None = None
    efforts: tuple[str, ...] | None = None
    effort: str | None = None
    thinking: Literal["adaptive", "budget"] | None = None
    off: Literal["disabled", "between_tools"] | None = None
    api: Literal["chat", "responses", "messages"] = "chat"
    context: int | None = None
    price: Price | None = None

    def takes_parameter(self, name: str, reasoning: Reasoning) -> bool:
        """Whether it takes a sampling parameter where it thinks so much; where that is unknown it is said to."""
        quiet = (self.effort if reasoning is None else reasoning) == "none" or (reasoning is None and self.thinks == "asked")
        return self.takes is None or name in self.takes or (quiet and name in self.unthinking)


class Vendor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The models of one vendor by name, all that is said of them being so `as_of` that day. A batch costs `batch_share` of the list price."""

    as_of: str
    sources: list[str]
    batch_share: float
    models: dict[str, Capabilities]


@functools.cache
def vendors_known() -> dict[str, Vendor]:
    """Vendor to what is known of it."""
    from harness.yamlfile import YamlFile

    data = YamlFile(FILE).data
    return msgspec.convert({name: about for name, about in data.items() if name != "families"}, dict[str, Vendor])


def find_capabilities(vendor: str, model: str) -> Capabilities | None:
    """What is known of a model or of its dated snapshot; None where nothing is. A router's names begin with the maker, whose prices are not the router's."""
    if vendor == "openrouter":
        found = find_capabilities(*model.partition("/")[::2]) if "/" in model else None
        return None if found is None else msgspec.structs.replace(found, price=None, api="chat")
    known = vendors_known().get(vendor)
    return next((about for name, about in known.models.items() if same_model(name, model)), None) if known else None


def read_reasoning(value: Any, where: str) -> Reasoning:
    """The value, where it says how much to think. Raises HarnessError for anything else."""
    try:
        found: Reasoning = msgspec.convert(value, Reasoning)
        return found
    except msgspec.ValidationError:
        mend = f"Give one of {', '.join(EFFORTS)}, or a number of tokens. {nearest(str(value), EFFORTS)}"
        raise HarnessError(f"reasoning is {value!r}", where=where, mend=mend) from None


def list_price(vendor: str, model: str) -> Price | None:
    """The list price of a model or of its dated snapshot; None where it is unknown."""
    known = find_capabilities(vendor, model)
    return None if known is None else known.price


def batch_share(vendor: str) -> float:
    """The share of the list price that a request through a vendor's batch endpoint costs."""
    return vendors_known()[vendor].batch_share
