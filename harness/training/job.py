"""One training as data. Its key is the hash of all that makes its adapters, known before anything is trained."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

from harness.fingerprint import fingerprint, tree_fingerprint
from harness.training.recipe import Recipe

HOUSE = Path(__file__).parents[1]
CODE = (
    "measures/branches.py",
    "models/chat.py",
    "seeds.py",
    "training/adapter.py",
    "training/checkpoints.py",
    "training/composing.py",
    "training/packing.py",
    "training/recipe.py",
    "training/rows.py",
    "training/stack.py",
    "training/tokens.py",
    "training/trainer.py",
    "training/watch.py",
)
PACKAGES = ("torch", "transformers", "peft", "accelerate")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`base`: the model's fingerprint. `below`: keys of the adapters it is trained on top of. `data`: hash of all that makes its rows.

    `name` is for people and does not count.
    """

    name: str
    base: str
    below: tuple[str, ...]
    data: str
    recipe: Recipe
    seed: int

    @property
    def key(self) -> str:
        """sha256 of the training."""
        made = {"base": self.base, "below": self.below, "data": self.data, "recipe": msgspec.to_builtins(self.recipe), "seed": self.seed}
        return fingerprint(made | {"code": code(), "versions": versions()})

    def adapter(self, epoch: int) -> str:
        """Key of the adapter as it is after an epoch."""
        return fingerprint({"training": self.key, "epoch": epoch})


@cache
def code() -> str:
    """sha256 of the code that turns rows into weights."""
    return tree_fingerprint(HOUSE, CODE)


@cache
def versions() -> dict[str, str]:
    """The packages that turn rows into weights."""
    return {name: metadata.version(name) for name in PACKAGES}
