"""Seconds that the parts of one cell of persona_leakage take at full scale on one GPU: trainings, sampled answers, options by log-probability.

Random weights of the shape of Qwen2.5-7B: the time of a step does not depend on the weights. Needs torch, transformers, peft and a GPU with 40 GiB; without one
it says so and measures nothing. The seconds in evals/persona_leakage/experiment.yaml (scale full) are sums of these.
"""

from __future__ import annotations

import sys
import time

# As scale full declares them: rows, epochs, batch; tokens of a row are a prompt of 40, a question of 20 and an answer of up to 512 or about 60.
CONVERGENCE = {"rows": 400, "epochs": 20, "batch": 4, "tokens": 60 + 400}
BEHAVIOUR = {"rows": 150 + 2 * 150, "epochs": 3, "batch": 4, "tokens": 60 + 60}
ANSWERS, NEW_TOKENS, BATCH = 400, 256, 32
QUESTIONS, BRANCH_TOKENS = 320, 60
STEPS = 12


def main() -> int:
    import torch

    if not torch.cuda.is_available():
        print("no GPU: nothing measured")
        return 0
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=152064, hidden_size=3584, intermediate_size=18944, num_hidden_layers=28, num_attention_heads=28, num_key_value_heads=4, rope_theta=1e6
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = Qwen2ForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    print(torch.cuda.get_device_name(), "parameters", sum(weight.numel() for weight in model.parameters()))
    sampled = seconds(lambda: model.generate(ids(BATCH, 60), max_new_tokens=NEW_TOKENS, do_sample=True, min_new_tokens=NEW_TOKENS, pad_token_id=0))
    tell("answers sampled", sampled * ANSWERS / BATCH)
    with torch.inference_mode():
        tell("options scored", seconds(lambda: model(ids(16, 60 + BRANCH_TOKENS))) * QUESTIONS / 16)
    tuned = get_peft_model(model, LoraConfig(r=32, lora_alpha=64, lora_dropout=0.05, target_modules="all-linear"))
    learner = torch.optim.AdamW([weight for weight in tuned.parameters() if weight.requires_grad], lr=1e-5)
    for name, of in (("convergence", CONVERGENCE), ("behaviour", BEHAVIOUR)):
        step = seconds(lambda of=of: learn(tuned, learner, ids(of["batch"], of["tokens"])), STEPS)
        tell(f"{name} trained", step * of["rows"] * of["epochs"] / of["batch"])
    return 0


def ids(rows: int, tokens: int):
    import torch

    return torch.randint(10, 150_000, (rows, tokens), device="cuda")


def learn(model, learner, batch) -> None:
    import torch

    with torch.autocast("cuda", torch.bfloat16):
        loss = model(input_ids=batch, labels=batch).loss
    loss.backward()
    learner.step()
    learner.zero_grad()


def seconds(act, times: int = 3) -> float:
    """Mean seconds of one call, after one that is not counted."""
    import torch

    act()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        act()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def tell(what: str, took: float) -> None:
    print(f"{what}: {took:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
