"""The fields of the reproducibility card, and the names under which a measure or a recipe may state them."""

from __future__ import annotations

MODEL: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "source": ("source",),
    "version": ("version", "source_version", "revision"),
    "licence": ("licence", "license"),
    "parameters": ("parameters",),
    "architecture": ("architecture",),
    "dtype": ("dtype",),
    "weights_sha256": ("weights_sha256",),
    "device": ("device",),
}
# What only models have whose weights harness did not open, and what only weights have.
OF_ANSWERS: dict[str, tuple[str, ...]] = {
    "recording": ("recording",),
    "endpoint": ("provider",),
    "sampling": ("sampling",),
    "capabilities": ("capabilities",),
}
OF_WEIGHTS = ("version", "licence", "parameters", "architecture", "dtype", "weights_sha256", "device")
WITHOUT_WEIGHTS = {  # by the source of a model
    "api": "an API does not show it; each sample names the model that its server reported",
    "replay": "the answers come from a recording, which does not hold it",
    "null": "no model answers",
}

TRAINING: dict[str, tuple[str, ...]] = {
    "method": ("method",),
    "checkpoint_source": ("checkpoint_source", "base", "parent"),
    "lora": ("lora", "adapter", "peft"),
    "loss": ("loss",),
    "learning_rate": ("learning_rate", "lr"),
    "epochs": ("epochs",),
    "schedule": ("schedule", "scheduler"),
    "optimizer": ("optimizer",),
    "weight_decay": ("weight_decay", "decay"),
    "clipping": ("clipping", "max_grad_norm", "clip"),
    "precision": ("precision", "dtype"),
    "parallelism": ("parallelism", "devices"),
    "effective_batch": ("effective_batch", "effective_batch_size"),
    "max_length": ("max_length",),
    "seeds": ("seeds", "seed"),
}
# The effective batch is stated as a product, so that its factors can be checked.
BATCH_FACTORS = (("batch", "batch_size", "per_device_batch"), ("accumulation", "gradient_accumulation", "accumulate"), ("devices", "world_size"))

EVAL: dict[str, tuple[str, ...]] = {
    "metric": ("metric", "measure", "name"),
    "dataset": ("dataset", "bank", "data", "source"),
    "size": ("size", "items", "n", "questions"),
    "method": ("method", "scoring", "scorer", "style"),
    "judge": ("judge", "judge_model"),
    "judge_prompt_version": ("judge_prompt_version", "judge_prompt", "prompt_version", "prompt_sha256"),
    "samples": ("samples", "samples_per_item", "replicates"),
    "temperature": ("temperature",),
    "significance": ("significance", "test", "p_method"),
}
# The same two, as the calibration of a judge states them.
JUDGE: dict[str, tuple[str, ...]] = {
    "judge": ("judge", "judge_model"),
    "judge_prompt_version": ("judge_prompt_version", "rubric_version", "prompt_version", "rubric", "rubric_sha256"),
}
JUDGED = ("judge", "judge_prompt_version")
SAMPLED = ("samples", "temperature")

DATA: dict[str, tuple[str, ...]] = {"source": ("path",), "sha256": ("sha256",), "lines": ("lines",)}

ENVIRONMENT: dict[str, tuple[str, ...]] = {name: (name,) for name in ("python", "platform", "packages", "commit", "dirty", "harness")}
