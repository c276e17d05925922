"""The adapters that a run trained, each a folder in the form of PEFT and the Hugging Face Hub, with a model card.

The run's samples name the model that was sampled by a fingerprint of its base and its adapters, so an adapter of the store belongs to the run where its
fingerprint is among them, or where it lies under one that does.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import plain_digest
from harness.report.addresses import below
from harness.report.escape import code, in_markdown
from harness.report.numbers import Numbers
from harness.report.sample_rows import is_described_as
from harness.report.view import View
from harness.store import Store, intact, write_text
from harness.training.adapter import CONFIG, WEIGHTS, Note, note_of
from harness.training.adapter_stack import stacked_fingerprint

ADAPTERS, TRAININGS = "adapters", "trainings"
LICENCES = ("apache-2.0", "mit", "bsd-3-clause")  # that the Hub knows by these names
ROWS = 40  # numbers that a card lists
USE = """
## Use

```python
from peft import PeftModel

model = PeftModel.from_pretrained(base, "this folder")
```
"""


@dataclass(frozen=True)
class Trained:
    """An adapter of the store: its key, folder, note, the record of its training, and a name for people."""

    key: str
    folder: Path
    note: Note
    record: Mapping[str, Any]
    data: str
    name: str

    @property
    def model(self) -> str:
        """The fingerprint of the base with this adapter and those below it."""
        return stacked_fingerprint(self.note.base, [*self.note.below, self.key])


def write_adapters(folder: Path, run: Path, view: View, store: Path | None, notes: list[str]) -> None:
    """A folder for each adapter. Raises HarnessError for a run that trained nothing, and where the store holds none of what it trained."""
    if not view.results.facts.get("Training"):
        raise HarnessError("this run trained nothing", where=str(run), mend="Its tables and samples are exported with --csv, --parquet or --inspect")
    root = store or next((above / ".harness" / "store" for above in run.parents if (above / ".harness" / "store").is_dir()), None)
    if root is None or not root.is_dir():
        raise HarnessError("there is no store with its adapters", where=str(root or run), mend="Name it with --store DIR")
    found = adapters_of(view, Store(root))
    if not found:
        mend = "Name another with --store; or this version of harness or peft merges otherwise than the one that ran: use that, or run again"
        raise HarnessError("the store holds none of the adapters behind this run's samples", where=str(root), mend=mend)
    for trained in found:
        target = folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', trained.name)[:80].strip('-')}-epoch-{trained.note.epoch}-{trained.key[:8]}"
        target.mkdir()
        for name in (CONFIG, WEIGHTS):
            shutil.copyfile(trained.folder / name, target / name)
        write_text(target / "README.md", "\n".join(card(trained, found, view)))
    sampled = {*sampled_models(view).values()}
    if unknown := len(sampled - {trained.model for trained in found} - {trained.note.base for trained in found}):
        notes.append(f"{unknown} of the {len(sampled)} models that were sampled are neither the base nor an adapter of this store")


def sampled_models(view: View) -> dict[str, str]:
    """Name of samples to the fingerprint of the model that they were drawn from."""
    told = view.results.facts.get("Eval", {})
    return {name: about["model"] for name, about in told.items() if isinstance(about, dict) and isinstance(about.get("model"), str)}


def adapters_of(view: View, store: Store) -> list[Trained]:
    """The run's adapters that the store holds intact, by name and epoch."""
    sampled = sampled_models(view).values()
    known = {trained.key: trained for trained in read_store(view, store)}
    above = [trained for trained in known.values() if trained.model in sampled]
    keys = {key for trained in above for key in (trained.key, *trained.note.below)}
    return sorted((known[key] for key in keys if key in known), key=lambda trained: (trained.name, trained.note.epoch, trained.key))


def read_store(view: View, store: Store) -> Iterator[Trained]:
    for place in sorted((store.root / ADAPTERS).glob("??/*")):
        folder = store.place(ADAPTERS, place.name) if re.fullmatch(r"[0-9a-f]{64}", place.name) else None
        if folder is None or not intact(folder) or (note := note_of(folder)) is None:
            continue
        record = store.peek(TRAININGS, note.training, dict[str, Any]) or {}
        rows = store.file(TRAININGS, note.training, ".rows.jsonl")
        yield Trained(place.name, folder, note, record, plain_digest(rows) if rows.is_file() else "", curve_of(view, record) or f"adapter {place.name[:8]}")


def curve_of(view: View, record: Mapping[str, Any]) -> str:
    """The name under which the report draws this training: the curve with its very losses."""
    curves = view.results.sections.get("training_curves", {})
    return next((name for name, curve in curves.items() if record and list(curve.get("loss", ())) == list(record["loss"])), "")


# the card -------------------------------------------------------------------------------------------------------------------------------------


def card(trained: Trained, every: list[Trained], view: View) -> Iterator[str]:
    """The model card, line by line. What a run or a store says is shown, never markup. The base is named in the text alone: the run knows it by the hash of its
    weights, not by a name on the Hub."""
    results, spec = view.results, str(json.loads((trained.folder / CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path") or "")
    base = {"name": spec, "licence": "unknown", "weights_sha256": "unknown"} | results.facts.get("Model", {}).get(spec, {})
    name, sha256, licence = (str(base[key]) for key in ("name", "weights_sha256", "licence"))
    known = f"license: {licence.casefold()}" if licence.casefold() in LICENCES else f"license: other\nlicense_name: {json.dumps(licence)}"
    yield f"---\nlibrary_name: peft\n{known}\ntags: [lora, harness-evals]\n---\n\n# {in_markdown(trained.name)}, epoch {trained.note.epoch}\n"
    yield f"A LoRA adapter from the experiment {code(results.experiment)}: {in_markdown(results.title)}.\n"
    yield f"- Base model: {in_markdown(name)} ({code(spec)}, weights sha256 {code(sha256)})"
    stack = [one for key in trained.note.below for one in every if one.key == key]
    for number, one in enumerate(stack, start=1):
        yield f"- Merge first ({number} of {len(stack)}): {in_markdown(one.name)}, epoch {one.note.epoch} ({code(one.key[:8])}), on which this one was trained"
    yield f"- Licence of the base: {in_markdown(licence)}; the adapter's data may add terms of their own"
    yield f"- Training data: sha256 {code(trained.data or 'unknown')}, {trained.record.get('rows', 'unknown')} rows"
    for recipe, fields in recipes_of(trained, view):
        yield f"- The recipe with these rows, steps and learning rate, {in_markdown(recipe)}: {in_markdown(fields)}"
    yield f"- Run: {code(results.execution.run)}, commit {code(str(results.environment.get('commit') or 'unknown'))}, scale {results.scale}"
    yield f"- Verdict of the run: {results.verdict}: {in_markdown(results.headline)}"
    yield from (f"- {code(at)}: {found.verdict}: {in_markdown(found.statement)}" for at, found in view.hypotheses)
    yield "\n## Numbers that rest on its samples\n\n| address | value | interval | N | verdict of its cell |\n|---|---|---|---|---|"
    yield from numbers(trained, view)
    yield USE


def recipes_of(trained: Trained, view: View) -> Iterator[tuple[str, str]]:
    """(name, its fields) of the recipes on the run's card that can have made this training; its learning rate may not quite have reached the recipe's."""
    size, peak = (trained.record.get("rows"), len(trained.record.get("steps", ()))), max(trained.record.get("learning_rate", ()), default=0.0)
    recipes = {name: recipe for name, recipe in view.results.facts.get("Training", {}).items() if isinstance(recipe, dict)}
    for name, recipe in recipes.items():
        if (recipe.get("rows"), recipe.get("steps")) == size and math.isclose(peak, recipe.get("learning_rate", 0.0), rel_tol=0.1):
            yield name, ", ".join(f"{field} {value}" for field, value in recipe.items() if isinstance(value, str | int | float))


def numbers(trained: Trained, view: View) -> Iterator[str]:
    """Rows of a table: the measurements for which this model was sampled, by the samples files that name it."""
    names, shown = [name for name, model in sampled_models(view).items() if model == trained.model], Numbers(view.tree)
    rows = [row for row in view.rows if row.measurement and any(is_described_as(ref.path, name) for ref in row.measurement.samples for name in names)]
    for at, verdict in ((row.measured_at, row.cell.verdict) for row in rows[:ROWS]):
        value, n = (in_markdown(shown.num(below(at, name))) for name in ("value", "n"))
        yield f"| {code(at, table=True)} | {value} | {shown.interval(below(at, 'interval'))} | {n} | {verdict} |"
    if len(rows) > ROWS:
        yield f"\n{len(rows) - ROWS} more are in the run's results.json."
