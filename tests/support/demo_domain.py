"""A domain as somebody else would install it: a package with an entry point, on a path of its own."""

from __future__ import annotations

from pathlib import Path

CODE = '''\
from harness.protocols import Domain
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Column, Figure, Prose, Table, Texts
from harness.report.palette import new_figure


class Weight(SectionRecord, frozen=True, kw_only=True):
    """How heavy something is, in grams, and what was said of it."""

    grams: float
    note: str = ""

    def __post_init__(self):
        if self.grams < 0:
            raise ValueError("grams below zero")


class Weights:
    id, title, position = "weights", "Weights", 250
    record = Weight

    def build(self, records, numbers):
        yield Prose(text=numbers.dress("Heavy: ") + numbers.num("sections/weights/#") + ", by " + numbers.code("scales.txt"))
        yield Prose(text="One is missing", warning=True)
        draw = lambda: new_figure(1.0)
        yield Figure(stem="weights", alt="weights", caption=numbers.dress("Weights"), draw=draw, addresses=[below(at, "grams") for at in records])
        rows = [[numbers.text(below(at, "name")), numbers.num(below(at, "grams"), "value"), numbers.text(below(at, "note"))] for at in records]
        columns = [Column(heading="thing"), Column(heading="grams", numeric=True), Column(heading="note")]
        yield Table(title="All of them", columns=columns, rows=rows, folded=True, most=2)
        for at, record in records.items():
            yield Texts(title=numbers.text(below(at, "name")), texts=[("said", record.note)])


class Demo(Domain):
    name = "demo"

    def sections(self):
        return [Weights()]


DOMAIN = Demo()
'''


def install_demo(site: Path, name: str = "demo", module: str = "demo_weights", code: str = CODE) -> None:
    """The package and its metadata, as pip would leave them in `site`."""
    install(site, module, code, f"[harness.domains]\n{name} = {module}:DOMAIN\n")


def install_checks(site: Path, module: str, code: str, place: str) -> None:
    """A package without a domain, which names rules by an entry point."""
    install(site, module, code, f"[harness.checks]\n{module} = {place}\n")


def install(site: Path, module: str, code: str, entry_points: str) -> None:
    site.mkdir(parents=True, exist_ok=True)
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{module}.py,,\n")
    (info / "entry_points.txt").write_text(entry_points)
