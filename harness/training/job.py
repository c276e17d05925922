"""One training as data. Its key is the hash of all that makes its adapters, known before anything is trained."""

from __future__ import annotations

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.fingerprint import fingerprint
from harness.training.recipe import Recipe

# What turns rows into weights.
MAKING = ("harness.training.trainer", "harness.training.adapter_stack")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`base`: the model's fingerprint. `below`: keys of the adapters it is trained on top of. `data`: hash of all that makes its rows, code included.

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
        return fingerprint(made | {"code": code_fingerprint(*MAKING)})

    def adapter(self, epoch: int) -> str:
        """Key of the adapter as it is after an epoch."""
        return fingerprint({"training": self.key, "epoch": epoch})
