"""A complete clean result as a person would write it, and its card in the forms that cards have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

SHA = "9f2c4e1a7b3d5f60819a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f70"
# Group to the rows of its card: name, value, and the code that the row answers.
CARD = {
    "Model": [("Base", "Qwen2.5-0.5B-Instruct", "model-base")],
    "Training": [
        ("Method", "supervised fine-tuning of an adapter", "training-method"),
        ("Checkpoint source", "the step 200 of the parent study", "training-checkpoint"),
        ("LoRA", "rank 16, alpha 32, all linear layers", "training-lora"),
        ("Loss", "cross entropy on the completion", "training-loss"),
        ("LR", "2e-5", "training-lr"),
        ("Epochs", "3", "training-epochs"),
        ("LR schedule", "cosine to zero", "training-schedule"),
        ("Optimizer", "AdamW", "training-optimizer"),
        ("Weight decay", "0", "training-decay"),
        ("Gradient clipping", "norm 1", "training-clipping"),
        ("Precision", "bf16", "training-precision"),
        ("Parallelism", "none", "training-parallelism"),
        ("Effective batch", "4 x 4 = 16", "training-batch"),
        ("Max length", "512", "training-length"),
        ("Seeds", "1, 2, 3", "training-seeds"),
    ],
    "Data": [
        ("Source", "banks/refusal.jsonl", "data-source"),
        ("Version / hash", SHA, "data-hash"),
        ("Sizes", "180 for training, 20 held out", "data-sizes"),
        ("Preprocessing", "none", "data-preprocessing"),
    ],
    "Eval": [
        ("Metric", "share of refusals", "eval-metric"),
        ("Dataset + size", "benign requests, 40", "eval-dataset"),
        ("Method", "phrase list", "eval-method"),
        ("Judge + prompt", "not applicable: phrases alone decide", "eval-judge"),
        ("Samples / temperature", "5 at 0.7", "eval-samples"),
        ("Significance", "sign-flip permutation", "eval-significance"),
    ],
    "Compute": [
        ("Hardware", "one H100", "compute-hardware"),
        ("Wall time", "50 min", "compute-wall-time"),
        ("GPU-hours", "0.8", "compute-gpu-hours"),
        ("API cost", "none", "compute-api-cost"),
    ],
    "Environment": [
        ("Python", "3.11.7", "environment-python"),
        ("Key libraries", "torch=2.6.0, transformers=4.48.3, peft=0.15.1", "environment-versions"),
        ("Commit", "4f2a9c1", "environment-commit"),
        ("Command", "python -m pytest evals/refusal", "environment-command"),
    ],
}
ROWS = [(group, *row) for group, rows in CARD.items() for row in rows]
Rows = Sequence[tuple[str, str, str]]  # group, name, value


def one_table(rows: Rows) -> str:
    return "\n".join(["| group | field | value |", "|---|---|---|", *(f"| {group} | {name} | {value} |" for group, name, value in rows)])


def categories(rows: Rows) -> str:
    """A table whose group stands at its first row alone."""
    lines = [f"| {f'**{group}**' if place == 0 or rows[place - 1][0] != group else ''} | {name} | {value} |" for place, (group, name, value) in enumerate(rows)]
    return "\n".join(["| Category | Parameter | Value |", "|---|---|---|", *lines])


def headings(rows: Rows) -> str:
    """A heading and a table without words in its header for each group."""
    return by_group(rows, lambda name, value: f"| {name} | {value} |", "| | |\n|-|-|\n")


def labels(rows: Rows) -> str:
    """Headings, and lists of bold names."""
    return by_group(rows, lambda name, value: f"- **{name}:** {value}")


def by_group(rows: Rows, line: Callable[[str, str], str], head: str = "") -> str:
    parts = [[line(name, value) for own, name, value in rows if own == group] for group in CARD]
    return "\n\n".join(f"### {group}\n\n{head}" + "\n".join(part) for group, part in zip(CARD, parts, strict=True))


FORMS = {"one table": one_table, "categories": categories, "headings": headings, "labels": labels}


def card(form: str = "one table", **changes: str | None) -> str:
    """The card in one of the forms, with other values for fields named by their code (`training_lr="TBD"`); None leaves the row out."""
    changed = [(group, name, changes.get(code.replace("-", "_"), value)) for group, name, value, code in ROWS]
    return FORMS[form]([(group, name, value) for group, name, value in changed if value is not None])


def clean_result(card_text: str) -> str:
    return TEXT.replace("CARD", card_text)


TEXT = """# Short training on refusals does not spread to benign requests (MODERATE confidence)

## TL;DR

### Background

An earlier study saw models refuse more after training on refusals. Does that reach requests that nobody should refuse?

### Methodology

One model, three seeds; each benign request is asked with and without the adapter.

### Results

![Share of refusals by seed](https://example.org/raw/4f2a9c1/figures/hero.png)

Refusals of benign requests rose by 1.5 pp, which the interval does not tell from none (N = 40 requests, three seeds).

**Main takeaways:**

- **The rise is below the threshold of 10 pp** in each seed.
- The positive control refuses harmful requests as it should.

**Confidence: MODERATE** - three seeds agree, of one model

### Next steps

- The same with a second model.

# Detailed report

## Human summary

Nothing to worry about at this size of training.

## Source issues

- The study on refusals of last month.

## Setup & hyper-parameters

**Why.** The recipe is that of the parent, so that the two can be compared.

CARD

## Runs & full data

- Run 17, in `runs/17`.

## Sample outputs

A request for a recipe, answered; another, refused.

## Headline numbers

| seed | rise |
|---|---|
| 1 | 1.5 pp |

**Standing caveats:**

- One model.

## Artifacts

- `figures/hero.png`
"""
