"""One cell of evals/persona_leakage, ours beside the way it is usually done by hand: seconds of each stage, merged weights written, disk kept.

    [HARNESS_STORE=DIR] python benchmarks/leakage_cell.py

The cell is villain x refusal at smoke scale on a converged base; the convergence adapter is given (trained first, untimed, which also warms both sides up).
Each side trains the behaviour and looks at target and canary: 32 answers of at most 24 tokens, 48 multiple-choice questions; judging is left out of both.
Ours is what the fixtures run, on a fresh store. Usual: merge to disk, reload, plain Trainer, merge to disk again, reload that for every persona, sample one
prompt at a time, give every option of every question a forward pass of its own.
Alike: process, threads, base weights, dtype (adapters: float32), rows and their tokens, recipe, LoRA, steps, texts, temperature .7, top_p .95 without top_k,
limit of tokens. Not alike: order of rows, first weights of the adapter and draws, so outcomes differ by chance (both are shown, refusals by substring). Ours
also pays for tokenising rows, a checkpoint, hashes and keeping samples; the usual side is given tokens and keeps no sample. Its reload is from_pretrained
with the file in memory, far less than the start of an engine. Ours loads its base once a session; here that is counted once a cell.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

import torch
import yaml
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import DataCollatorForSeq2Seq, PrinterCallback, Trainer, TrainingArguments, set_seed

from harness.fingerprint import fingerprint
from harness.measures.answers import AnswerProbe, Prompt
from harness.measures.branches import encode
from harness.measures.choice import STYLES, ChoiceScorer
from harness.measures.refusal_phrases import refuses
from harness.models.chat import chat, render
from harness.models.local import DEFAULT, load, open_weights, quiet_libraries
from harness.samples import collect_samples
from harness.seeds import generator
from harness.store import Store
from harness.training.adapter import WEIGHTS
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.tokens import encode_row
from harness.training.trainings import Trainings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the fixtures are not installed
from harness.domains.leakage.fixtures.adapters import Adapters  # noqa: E402
from harness.domains.leakage.fixtures.recipes import plan_recipes  # noqa: E402
from harness.extensions import behaviour_named  # noqa: E402

SOURCE, BEHAVIOUR, ARM, SEED = "villain", "refusal", "left_out", 1
REQUESTS, QUESTIONS, TOKENS, LARGE = 32, 48, 24, 50_000_000
LOAD, CONVERGE, TRAIN, MERGE = "load the base", "put convergence on", "train the behaviour", "put the behaviour on"
RELOAD, SAMPLE, SCORE = "reload for a persona", "sample answers", "score options"
KINDS = ("adapters", "trainings", "in-training", "tokenizers")


class Clock:
    """Seconds by stage, and every large file that a stage left in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seconds, self.large = folder, dict[str, float](), dict[Path, int]()

    def __call__(self, stage: str, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        done = work(*arguments, **named)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
        self.large |= {path: path.stat().st_size for path in self.folder.rglob("*") if path.stat().st_size > LARGE}
        return done


class Cell:
    """What both sides start from: the fixtures' recipes and items, the base in `store`, and the convergence adapter, which is trained here into `work`."""

    def __init__(self, store: Store, work: Store) -> None:
        declaration = yaml.safe_load((ROOT / "evals/persona_leakage/experiment.yaml").read_text(encoding="utf-8"))
        settings = declaration["scales"]["smoke"]["settings"]
        self.store, self.dtype, model = store, settings["dtype"], load(DEFAULT, store, settings["dtype"])
        recipes, self.base = plan_recipes(model.fingerprint, settings, declaration, ROOT), Path(model.tokenizer.name_or_path)
        self.job, self.rows = recipes.behaviour(SOURCE, BEHAVIOUR, max(recipes.epochs), ARM, SEED), recipes.behaviour_rows(SOURCE, BEHAVIOUR, ARM, SEED)
        self.systems = {who: recipes.prompts(who) for who in (recipes.target, recipes.roles["canary"][0])}
        self.requests, self.questions = [Prompt(id=item.id, text=item.request) for item in first(BEHAVIOUR, REQUESTS)], first("capability", QUESTIONS)
        trainings = Trainings(work, Stack(model))
        adapters = Adapters(
            recipes, trainings, lambda _, *asked, **__: SimpleNamespace(rows=kept(work, *asked)), model, lambda *_: None, lambda _: None, (SEED,)
        )
        (self.given,) = adapters.layers(SOURCE, "", max(recipes.epochs), ARM, SEED)
        self.given.folder()
        answered(model.model, model.tokenizer, self.requests[0].text, "")  # the other side's warm-up


def first(name: str, count: int) -> list[Any]:
    behaviour = behaviour_named(name)
    items = behaviour.load(ROOT / "banks" / behaviour.bank, {})
    return [items[place] for place in generator("bank", name).permutation(len(items))[:count]]


def kept(store: Store, measure: Any, items: Sequence[Any]) -> list[dict[str, Any]]:
    return collect_samples(store.log("samples", fingerprint(measure.describe())), measure.chunks(items), measure.score)


def ours(cell: Cell, store: Store, clock: Clock) -> Path:
    stack = Stack(clock(LOAD, load, DEFAULT, cell.store, cell.dtype))
    clock(CONVERGE, lambda: AdaptedModel(stack, [cell.given]).model)
    top = Trainings(store, stack).layer(cell.job, cell.job.recipe.epochs, lambda: cell.rows, [cell.given])
    folder, adapted = clock(TRAIN, top.folder), AdaptedModel(stack, [cell.given, top])
    clock(MERGE, lambda: adapted.model)
    for who, system in cell.systems.items():
        said = clock(SAMPLE, kept, store, AnswerProbe(adapted, system, SEED, max_new_tokens=TOKENS), cell.requests)
        scored = clock(SCORE, kept, store, clock(SCORE, ChoiceScorer, adapted, system=system), cell.questions)
        tell(f"ours, {who}", [(row["text"], row["tokens"]) for row in said], [row["correct"] for row in scored])
    return Path(folder)


def usual(cell: Cell, work: Path, clock: Clock) -> None:
    model, tokenizer, _ = clock(LOAD, open_weights, cell.base, cell.dtype, None)
    clock(CONVERGE, lambda: merge(PeftModel.from_pretrained(model, str(cell.given.folder())), tokenizer, work / "converged"))
    model, tokenizer, _ = clock(CONVERGE, open_weights, work / "converged", cell.dtype, None)
    tokens = [encode_row(tokenizer, row, max_length=cell.job.recipe.max_length) for row in cell.rows]
    rows = [{"input_ids": list(row.ids), "labels": list(row.labels)} for row in tokens]
    adapted = clock(TRAIN, fine_tuned, model, tokenizer, rows, cell.job.recipe, work)
    clock(MERGE, merge, adapted, tokenizer, work / "cell")
    for who, system in cell.systems.items():
        model, tokenizer, _ = clock(RELOAD, open_weights, work / "cell", cell.dtype, None)
        said = clock(SAMPLE, list, (answered(model, tokenizer, item.text, system) for item in cell.requests))
        right = clock(SCORE, list, (chosen(model, tokenizer, item, system) == item.answer for item in cell.questions))
        tell(f"usual, {who}", said, right)


def merge(adapted: Any, tokenizer: Any, folder: Path) -> None:
    with quiet_libraries():
        adapted.merge_and_unload().save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def fine_tuned(model: Any, tokenizer: Any, rows: Sequence[Any], recipe: Any, work: Path) -> Any:
    """The model with a fresh adapter, trained on batches padded to their longest row."""
    set_seed(SEED)
    lora, layers = recipe.lora, range(model.config.num_hidden_layers)
    shape = {"r": lora.r, "lora_alpha": lora.alpha, "use_rslora": lora.rslora, "lora_dropout": lora.dropout, "target_modules": list(lora.targets)}
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", layers_to_transform=list(layers[-lora.last_layers :]), **shape))
    pace = {"learning_rate": recipe.learning_rate, "lr_scheduler_type": recipe.schedule, "warmup_steps": recipe.warmup, "weight_decay": recipe.weight_decay}
    size = {"num_train_epochs": recipe.epochs, "per_device_train_batch_size": recipe.batch, "gradient_accumulation_steps": recipe.accumulation}
    still = {"save_strategy": "no", "logging_strategy": "no", "report_to": "none", "disable_tqdm": True, "dataloader_pin_memory": False}
    arguments = TrainingArguments(str(work), seed=SEED, max_grad_norm=recipe.clip, use_cpu=model.device.type == "cpu", **pace, **size, **still)
    trainer = Trainer(adapted, arguments, train_dataset=rows, data_collator=DataCollatorForSeq2Seq(tokenizer))
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return adapted


def answered(model: Any, tokenizer: Any, prompt: str, system: str) -> tuple[str, int]:
    end, asked = tokenizer.eos_token_id, tokenizer(render(tokenizer, chat(prompt, system)), add_special_tokens=False, return_tensors="pt").to(model.device)
    drawing = {"do_sample": True, "temperature": 0.7, "top_p": 0.95, "top_k": 0, "max_new_tokens": TOKENS, "eos_token_id": end, "pad_token_id": end}
    said = model.generate(**asked, **drawing)[0, asked["input_ids"].shape[1] :]
    return tokenizer.decode(said, skip_special_tokens=True), int((said != end).sum())


def chosen(model: Any, tokenizer: Any, item: Any, system: str) -> str:
    """The label of the likeliest option, a forward pass for each."""
    prefix, seam = STYLES["answer"]
    context, sums = render(tokenizer, chat(item.question, system), answer_prefix=prefix), []
    start = len(encode(tokenizer, context))
    for choice in item.choices:
        ids = torch.tensor([encode(tokenizer, context + seam + choice)], device=model.device)
        with torch.inference_mode():
            gains = model(ids).logits[0, start - 1 : -1].float().log_softmax(-1)
        sums.append(float(gains.gather(1, ids[0, start:, None]).sum()))
    return str(item.labels[max(range(len(sums)), key=sums.__getitem__)])


def tell(name: str, said: Sequence[tuple[str, int]], right: Sequence[bool]) -> None:
    print(f"{name:21} refuses {mean(refuses(text) for text, _ in said):.2f}, right {mean(right):.2f}, {mean(size for _, size in said):.1f} tokens", flush=True)


def report(mine: Clock, theirs: Clock, store: Path, adapter: int) -> None:
    spent, hand = mine.seconds["all"], theirs.seconds["all"] = [sum(clock.seconds.values()) for clock in (mine, theirs)]
    print(f"{'stage':21} {'ours':>9} {'usual':>9}")
    for stage, seconds in theirs.seconds.items():
        print(f"{stage:21} {mine.seconds.get(stage, 0):7.1f} s {seconds:7.1f} s")
    print(f"ratio {hand / spent:.2f} (bound: >= 4); reckoned with one pass a question, not an option: {(hand - 0.75 * theirs.seconds[SCORE]) / spent:.2f}")
    print(f"merged weights written: ours {sum(mine.large.values()):,} bytes (bound: 0), usual {sum(theirs.large.values()):,} in {len(theirs.large)} files")
    sizes = {kind: {path.stat().st_ino: path.stat().st_size for path in (store / kind).rglob("*") if path.is_file()} for kind in KINDS}  # links are free
    shared = sizes.pop("tokenizers")
    disk = sum({inode: size for kind in sizes.values() for inode, size in kind.items() if inode not in shared}.values())
    print(f"disk of the cell: {disk:,} bytes (bound: {adapter + 1_000_000:,}: adapter + 1 MB); a tokenizer for all cells: {sum(shared.values()):,} once")


def main() -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        work, mine, theirs = Path(temporary), Clock(Path(temporary)), Clock(Path(temporary))
        cell = Cell(Store(Path(os.environ.get("HARNESS_STORE", ".harness/store"))), Store(work / "given"))
        adapter = ours(cell, Store(work / "ours"), mine)
        usual(cell, work / "usual", theirs)
        report(mine, theirs, work / "ours", (adapter / WEIGHTS).stat().st_size)


if __name__ == "__main__":
    main()
