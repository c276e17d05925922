"""The reproducibility card: every field that a stranger needs to run this again, each with the address it came from, or plainly missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.records import Measurement
from harness.report import card_fields as fields
from harness.report.addresses import Lookup, address, below, handles, last_segment
from harness.report.sample_rows import is_described_as
from harness.report.view import View

Field = dict[str, Any]
JUDGES = "Judges"  # a group of facts: which judge with which rubric judged a behaviour
NO_TRAINING = "no cell of this run tells of a training"
NO_JUDGE = "the measure's description names no judge"
NO_SAMPLING = "the measure's description names no sampling"
UNPAID = ("replay", "null")  # sources of answers that cost nothing
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Card:
    """Groups of sections of fields, and how many of them are filled."""

    groups: dict[str, dict[str, dict[str, Field]]]

    def count(self, mark: str) -> int:
        """How many fields carry a mark: "value", "missing" or "not_applicable"."""
        return sum(mark in field for group in self.groups.values() for section in group.values() for field in section.values())

    @property
    def line(self) -> str:
        """`Reproducibility: COMPLETE` or `Reproducibility: INCOMPLETE (n)`."""
        missing = self.count("missing")
        return f"Reproducibility: INCOMPLETE ({missing})" if missing else "Reproducibility: COMPLETE"

    @property
    def missing(self) -> list[str]:
        """The names of the missing fields: `Data / preprocessing`."""
        named = (
            (f"{group} / {section} / {name}", field)
            for group, sections in self.groups.items()
            for section, all_of in sections.items()
            for name, field in all_of.items()
        )
        return [name.replace(" / all / ", " / ") for name, field in named if "missing" in field]

    def as_json(self) -> dict[str, Any]:
        """What card.json holds."""
        counts = {"filled": self.count("value"), "missing": self.count("missing"), "not_applicable": self.count("not_applicable")}
        return {"reproducibility": self.line.partition(": ")[2], "counts": counts, "groups": self.groups}


def card(view: View) -> Card:
    """The card of a run, from results.json alone."""
    builder = _Builder(view)
    return Card(
        {
            "Model": builder.models(),
            "Training": builder.training(),
            "Data": builder.data(),
            "Eval": builder.evals(),
            "Compute": {"all": builder.compute()},
            "Environment": {"all": builder.environment()},
        }
    )


class _Builder:
    def __init__(self, view: View) -> None:
        self.view, self.tree, self.lookup = view, view.tree, Lookup(view.tree)
        judges = self.tree["facts"].get(JUDGES, {})
        self.judges = {name: value for name, value in sorted(judges.items()) if isinstance(value, dict)}

    def at(self, *places: str, why: str = "") -> Field:
        """The first of the places where something stands."""
        for place in places:
            try:
                value = self.lookup.at(place)
            except HarnessError:
                continue
            if value not in EMPTY:
                return {"value": value, "from": place}
        names = dict.fromkeys(map(last_segment, places))
        return {"missing": True, "why": why or f"results.json states no {' or '.join(names)}"}

    def listed(self, base: str, names: dict[str, tuple[str, ...]]) -> dict[str, Field]:
        """One field for each name, looked for under its aliases."""
        return {name: self.at(*(below(base, alias) for alias in aliases)) for name, aliases in names.items()}

    def entries(self, group: str) -> dict[str, str]:
        """Name to address for the dicts that stand in a group of facts; the group itself where it is flat."""
        facts = self.view.results.facts.get(group, {})
        nested = {name: address("facts", group, name) for name, value in facts.items() if isinstance(value, dict)}
        return nested if nested and len(nested) == len(facts) else {"all": address("facts", group)}

    def models(self) -> dict[str, dict[str, Field]]:
        return {name: self.model(base) for name, base in self.entries("Model").items()}

    def model(self, base: str) -> dict[str, Field]:
        found, beside = self.listed(base, fields.MODEL), self.listed(base, fields.OF_ANSWERS)
        if why := fields.WITHOUT_WEIGHTS.get(str(found["source"].get("value"))):
            found |= {name: {"not_applicable": why} for name in fields.OF_WEIGHTS if "missing" in found[name]}
        return found | {name: field for name, field in beside.items() if "value" in field}

    def training(self) -> dict[str, dict[str, Field]]:
        if "Training" not in self.view.results.facts:
            return {"all": {name: {"not_applicable": NO_TRAINING} for name in fields.TRAINING}}
        return {name: self.recipe(base) for name, base in self.entries("Training").items()}

    def judge_of(self, measure: str) -> str | None:
        """The judge of a measure: the one that is named after it, or that states it as its behaviour or measure."""
        return next((name for name, stated in self.judges.items() if measure in (name, stated.get("behaviour"), stated.get("measure"))), None)

    def recipe(self, base: str) -> dict[str, Field]:
        found = self.listed(base, fields.TRAINING)
        if "missing" in found["effective_batch"]:
            found["effective_batch"] = self.product(base)
        if "missing" in found["seeds"]:
            found["seeds"] = self.at("seeds")
        return found

    def product(self, base: str) -> Field:
        """The effective batch as its factors: 4 x 4 = 16."""
        parts = [self.at(*(below(base, alias) for alias in aliases)) for aliases in fields.BATCH_FACTORS]
        factors = [part for part in parts if isinstance(part.get("value"), int)]
        if len(factors) < 2:
            return {"missing": True, "why": f"neither the effective batch nor its factors stand in {base}"}
        total = 1
        for part in factors:
            total *= part["value"]
        return {"value": f"{' x '.join(str(part['value']) for part in factors)} = {total}", "from": [part["from"] for part in factors]}

    def data(self) -> dict[str, dict[str, Field]]:
        files = handles(self.tree["inputs"])
        sections = {self.tree["inputs"][place]["path"]: self.listed(address("inputs", name), fields.DATA) for place, name in enumerate(files)}
        if not sections:
            return {"all": {"files": {"missing": True, "why": "results.json lists no input file"}}}
        facts = self.at(
            address("facts", "Data", "preprocessing"), address("facts", "Data"), why='facts/Data/preprocessing says nothing; write "none" where there is none'
        )
        return {**sections, "all": {"preprocessing": facts}}

    def evals(self) -> dict[str, dict[str, Field]]:
        described = {name: self.evaluation(name, base) for name, base in self.entries("Eval").items()}
        used = {self.judge_of(name) for name in described}
        others = {f"judge {judge}": self.listed(address("facts", JUDGES, judge), fields.JUDGE) for judge in self.judges if judge not in used}
        return described | others

    def evaluation(self, name: str, base: str) -> dict[str, Field]:
        found = self.listed(base, fields.EVAL)
        judge = self.judge_of(name)
        if judge is not None:
            found |= {key: field for key, field in self.listed(address("facts", JUDGES, judge), fields.JUDGE).items() if "missing" in found[key]}
        said = " ".join(str(found[key].get("value", "")) for key in ("metric", "method", "judge")).lower()
        for keys, applies, why in (
            (fields.JUDGED, "judge" in said, NO_JUDGE),
            (fields.SAMPLED, any("value" in found[key] for key in fields.SAMPLED) or "judge" in said, NO_SAMPLING),
        ):
            for key in keys:
                if "missing" in found[key] and not applies:
                    found[key] = {"not_applicable": why}
        measured = self.measured(name)
        if "missing" in found["size"]:
            found["size"] = self.at(
                *(below(place, "n") for place in measured), why=f"neither the description nor a measurement named after {name} tells the number of items"
            )
        if "missing" in found["significance"]:
            places = [below(place, "p_method") for place in measured] + [below(place, "interval", "method") for place in measured]
            found["significance"] = self.at(*places, why=f"no measurement of {name} names its test or the method of its interval")
        seeds = {name: self.at(*(below(place, name) for place in measured)) for name in ("seeds", "equal_seeds")}
        return found | (seeds if "value" in seeds["equal_seeds"] else {})

    def measured(self, name: str) -> list[str]:
        """Addresses of the measurements that a measure made: resting on its samples, named after it, or in a cell with that parameter; effects first."""
        fits = [
            row
            for row in self.view.rows
            if row.measurement and (name in (row.measurement.name, *map(str, row.cell.params.values())) or rests_on(row.measurement, name))
        ]
        return [row.measured_at for row in sorted(fits, key=lambda row: row.measurement is None or row.measurement.p is None)]

    def environment(self) -> dict[str, Field]:
        found = self.listed("environment", fields.ENVIRONMENT)
        return {**found, "harness": self.at("environment/harness", "environment/packages/harness-evals"), "command": self.at("execution/command")}

    def compute(self) -> dict[str, Field]:
        return {
            "hardware": self.at("execution/hardware"),
            "wall_s": self.at("execution/wall_s"),
            "gpu_hours": self.spent("gpu_hours"),
            "api_cost_usd": self.spent("api_cost_usd"),
        }

    def spent(self, name: str) -> Field:
        """What was spent; not applicable where there was no GPU, or where no model answered behind an API."""
        found = self.at(address("facts", "Compute", name), why="what the run spent is not in results.json; the plan's figure is no measurement")
        if "value" in found:
            return found
        models = [model for model in self.view.results.facts.get("Model", {}).values() if isinstance(model, dict)]
        hardware = self.view.results.execution.hardware
        told = [hardware[key] for key in ("gpu", "accelerators") if key in hardware]
        if name == "gpu_hours" and told and all(value in (*EMPTY, "none", False) for value in told):
            return {"not_applicable": "execution/hardware names no accelerator"}
        if name == "api_cost_usd" and models and all(model.get("device") or model.get("source") in UNPAID for model in models):
            return {"not_applicable": "no model answered behind an API"}
        return found


def rests_on(measurement: Measurement, name: str) -> bool:
    """True where one of the measurement's samples files was gathered under that name."""
    return any(is_described_as(ref.path, name) for ref in measurement.samples)
