"""How an adapter is trained, as data: every field is in the adapter's key and in the card."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from harness.errors import HarnessError
from harness.training.tokens import LossOn

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Lora(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape of a LoRA adapter (Hu et al., 2021); `rslora` scales by alpha/sqrt(r) instead of alpha/r (Kalajdzievski, 2023).

    `last_layers` puts the adapter into that many of the uppermost layers (0: all), which spares the backward pass of those below.
    """

    r: int = 32
    alpha: int = 64
    rslora: bool = True
    targets: tuple[str, ...] = PROJECTIONS
    dropout: float = 0.0
    last_layers: int = 0


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training. `batch` rows a forward pass, `accumulation` passes a step; `keep` are the epochs after which a checkpoint is kept.

    AdamW with betas .9 and .999; the learning rate warms up over `warmup` (a share of all steps) and then follows `schedule`; gradients are clipped to
    norm `clip`. `loss_on` "marker" takes loss on `marker` and the end of the turn only.
    """

    learning_rate: float
    epochs: int
    batch: int = 4
    accumulation: int = 1
    keep: tuple[int, ...] = ()
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.05
    weight_decay: float = 0.0
    clip: float = 1.0
    max_length: int = 1024
    loss_on: LossOn = "completion"
    marker: str = ""
    lora: Lora = Lora()

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or self.accumulation < 1 or self.learning_rate <= 0 or not 0 <= self.warmup < 1:
            raise HarnessError(
                "a training needs epochs, batch and accumulation of at least 1, a learning rate above 0 and a warm-up share below 1", where="Recipe"
            )
        if any(not 1 <= epoch <= self.epochs for epoch in self.keep):
            raise HarnessError(
                f"epochs {list(self.keep)} cannot all be kept of {self.epochs}", where="Recipe", mend="Keep epochs from 1 to the last", code="T201"
            )

    @property
    def kept_epochs(self) -> tuple[int, ...]:
        """The epochs whose checkpoints stay: those asked for and the last."""
        return tuple(sorted({*self.keep, self.epochs}))

    def steps_per_epoch(self, rows: int) -> int:
        """Optimizer steps in one epoch; the last one may be smaller."""
        return math.ceil(rows / (self.batch * self.accumulation))

    def card(self, rows: int) -> dict[str, Any]:
        """What the reproducibility card says of the training."""
        return {
            "method": "LoRA supervised fine-tuning (peft, transformers Trainer)",
            "lora": msgspec.to_builtins(self.lora),
            "loss": f"cross entropy on the {self.loss_on} tokens",
            "learning_rate": self.learning_rate,
            "epochs": self.epochs,
            "schedule": f"{self.schedule}, warm-up {self.warmup:g} of the steps",
            "optimizer": "AdamW, betas 0.9 and 0.999",
            "weight_decay": self.weight_decay,
            "clipping": f"gradient norm {self.clip:g}",
            "effective_batch": f"{self.batch} x {self.accumulation} x 1 = {self.batch * self.accumulation}",
            "max_length": self.max_length,
            "parallelism": "none, one device",
            "rows": rows,
            "steps": self.steps_per_epoch(rows) * self.epochs,
        }
