"""clean_result.md: the claim, what it rests on, how it came about. Short enough for an issue of a common code host: what does not fit is in the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harness.plaintext import by_number
from harness.report import view as views
from harness.report.addresses import below
from harness.report.card import Card
from harness.report.card_files import linked_cards, shared_rows
from harness.report.escape import code, fence_text, in_markdown, one_line
from harness.report.headline import closing, headline, units
from harness.report.notes import render_note, texts
from harness.report.numbers import Numbers, Used, cut_at_word
from harness.report.sample_rows import JUDGED_WORDS, Item, Samples
from harness.report.sections import SETUP, Built, build_sections
from harness.report.table import to_markdown
from harness.report.trajectories import grids
from harness.report.view import View

if TYPE_CHECKING:
    from jinja2 import Environment

MOST = 60_000  # characters; an issue takes 65,536
MOST_TLDR = 2_500
SEAL_LENGTH = 200  # the last line, by which an edited file is told from a generated one
SHARES = (1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0.0)  # of the room for samples, sections and rows, until the whole fits
SAMPLES_ROOM, SECTIONS_ROOM, ROWS = 12_000, 48_000, 40
LONGEST = 400  # characters of one text of a sample
EVENTS = 30
CUT = "\n\n(cut here: `index.html` has the rest)\n"
PLAIN = re.compile(r"(p )?([<>=] )?[+−]?\$?[\d.,e−]+( [A-Za-z%-]+)?|not (measured|applicable)|[A-Za-z-]+ not declared")
NUMBER_WORDS = {8: "eight", 12: "twelve", 15: "fifteen", 20: "twenty"}
ALT = "Forest plot of the measured effects with their intervals, by cell"


@dataclass(frozen=True)
class CleanResult:
    """The text and every number in it."""

    text: str
    used: tuple[Used, ...]


def clean_result(view: View, card: Card, samples: Samples, make: Callable[..., Numbers] = Numbers) -> CleanResult:
    """The clean result of a run. It has at most MOST characters, whatever the run holds. `make` may be a kind of `Numbers` of the caller's own."""
    for share in SHARES:
        numbers = make(view.tree, show=number, dress=in_markdown, code=code)
        text = environment().get_template("clean_result.md.j2").render(**names(numbers, view, card, samples, share))
        text = re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
        if len(text) <= MOST - SEAL_LENGTH:
            break
    return CleanResult(text=cut_at_line(text, MOST - SEAL_LENGTH), used=tuple(numbers.used))


def names(numbers: Numbers, view: View, card: Card, samples: Samples, share: float) -> dict[str, Any]:
    """What the template calls by name; `share` is that of the room which samples, sections and tables may take."""
    setup, found = split_sections(build_sections(view, numbers))
    room = int(share * SECTIONS_ROOM / max(1, len(setup) + len(found)))
    grid_list = grids(view)
    return {
        **common_names(numbers, view, card, samples),
        "alt": ALT,
        "figure": "figures/hero.png",
        "tldr_fitting": fit_tldr,
        "own_takeaways": 2 + bool(view.hypotheses[1:]) + bool(view.open_cells or view.lost),  # of at most five
        "setup": [(section, room) for section in setup],
        "sections": [(section, room) for section in found],
        "compared": samples.comparisons(2 if share > 0.3 else 1, int(share * SAMPLES_ROOM / 1500)),
        "head_rows": head_rows(view)[: int(share * ROWS) + 5],
        "grids": grid_list,
        "grid_rows": int(share * 12),
        "timeline": limit_events(view),
        "card_rows": shared_rows(card, card_value),
    }


def common_names(numbers: Numbers, view: View, card: Card, samples: Samples) -> dict[str, Any]:
    """What the templates of the clean result and of the page share."""
    results = view.results
    return {
        "n": numbers,
        "num": numbers.num,
        "told": numbers.text,
        "has": numbers.has,
        "below": below,
        "view": view,
        "views": views,
        "r": results,
        "card": card,
        "head": headline(view),
        "end": closing(view),
        "notes": lambda slot: texts(view.notes, slot),
        "rendered": lambda note, longest=1000: render_note(note, numbers, longest),
        "next_steps": next_steps(numbers, view, card),
        "others": other_hypotheses(view),
        "bad_checks": [check for _, check in view.checks if check.verdict != "passed"],
        "matched": (results.design.get("matched") or [])[:8],
        "confounded": (results.design.get("confounded") or [])[:8],
        "planned": planned(view),
        "linked": linked_cards(card),
        "JUDGED_WORDS": JUDGED_WORDS,
        "parent_text": partial(parent_text, numbers, view),
        "parent_superseded": lambda parent: view.parents_superseded.get(parent.run, "") or parent.superseded,
        "sample_files": [(path, pairs[0][1]) for path, pairs in view.sample_refs.items()],
        "troubles": samples.troubles,
    }


def split_sections(sections: list[Built]) -> tuple[list[Built], list[Built]]:
    """(those that describe the setup, those with results)."""
    return [one for one in sections if one.position < SETUP], [one for one in sections if one.position >= SETUP]


@cache
def environment() -> Environment:
    """Markdown templates: nothing is escaped by itself, so every text goes through told(), md, code or block."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("harness.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=True
    )
    found.filters |= {
        "md": in_markdown,
        "code": code,
        "tcode": partial(code, table=True),
        "clip": cut_at_word,
        "units": units,
        "name": lambda path: str(path).rpartition("/")[2],
        "wordy": lambda count: NUMBER_WORDS.get(count, str(count)),
        "blocks": lambda section, room: to_markdown(section.blocks, room),
        "sample": sample_block,
    }
    return found


def fit_tldr(tldr: Callable[[Callable[[int], int]], str]) -> str:
    """The summary with its texts cut so far that the whole has at most MOST_TLDR characters."""
    text = ""
    for share in (1.0, 0.75, 0.5, 0.35, 0.2, 0.1):
        text = re.sub(r"\n{3,}", "\n\n", tldr(lambda size, share=share: max(12, int(size * share)))).strip() + "\n"  # type: ignore[misc]
        if len(text) <= MOST_TLDR:
            break
    return text


def cut_at_line(text: str, longest: int) -> str:
    """A text of at most so many characters; one that is cut ends with whole lines and a last line that says so."""
    if len(text) <= longest:
        return text
    head = text[: longest - len(CUT)].rpartition("\n")[0]
    return head + CUT


def parent_text(numbers: Numbers, view: View, place: int, longest: int) -> str:
    """An earlier study in words: its statement, else the run or lock that it is."""
    parent = view.results.parents[place]
    key = next((name for name in ("statement", "run", "lock") if getattr(parent, name)), "statement")
    return numbers.text(f"parents/{place}/{key}", longest).rstrip(".")


def next_steps(numbers: Numbers, view: View, card: Card) -> list[Callable[[int], str]]:
    """What to do next, as texts of at most a given length: what people noted, what was declared, what the run itself lacks."""
    results = view.results
    noted = [lambda size, note=note: render_note(note, numbers, size) for note in texts(view.notes, "Next steps")]
    declared = [partial(numbers.text, f"design/next_steps/{place}") for place in range(len(results.design.get("next_steps") or []))]
    lacks = [
        (bool(view.open_cells or view.lost), "Close the cells without an answer"),
        (not results.promise.locked, "Preregister (harness lock) before the next data"),
        (bool(results.promise.deviations), "Settle the deviations: run as registered, or register anew and say why"),
        (results.scale != "full", f"Run at scale full; this is {results.scale}"),
        (bool(card.missing), "Fill the missing fields of the card"),
    ]
    own = [text for holds, text in lacks if holds] or ["Replicate on another model"]
    return [*noted, *declared, *(lambda size, text=text: numbers.dress(f"{cut_at_word(text, size)}.") for text in own)]


def other_hypotheses(view: View) -> list[tuple[str, list[Any]]]:
    """(verdict, hypotheses) for all but the primary one, answers first."""
    others = [result for _, result in view.hypotheses[1:]]
    verdicts = [verdict for verdict in (*views.ANSWERED, *views.OPEN) if any(result.verdict == verdict for result in others)]
    return [(verdict, [result for result in others if result.verdict == verdict]) for verdict in verdicts]


def planned(view: View) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(hypothesis, address of its plan, the plan)."""
    plans = view.tree["plan"].get("hypotheses") if isinstance(view.tree["plan"], dict) else None
    entries = sorted((plans or {}).items(), key=lambda pair: by_number(pair[0]))
    return [(name, below("plan/hypotheses", name), entry) for name, entry in entries if isinstance(entry, dict)]


def head_rows(view: View) -> list[views.Row]:
    """Of every cell of a hypothesis its effect and what else was tested in it, then the effects of controls. What a gate measured is no effect."""
    tested = [row for row in view.rows if row.cell.kind == "hypothesis" and row.measurement is not None and row.measurement.p is not None]
    found = [row for at, effect in view.effects.items() if effect.cell.kind == "hypothesis" for row in ([effect] + [one for one in tested if one.at == at])]
    controls = [row for row in view.effects.values() if row.cell.kind == "control"]
    return list({(row.at, row.measured_at): row for row in (*found, *controls)}.values())


def limit_events(view: View) -> list[tuple[str, Any]]:
    """The first and the last events where there are more than fit."""
    events = view.events
    return events if len(events) <= EVENTS else [*events[: EVENTS // 2], *events[-EVENTS // 2 :]]


def number(_value: Any, shown: str, _where: str) -> str:
    """A number as it is; escaped where its unit (a text of the author's) is more than a word."""
    return shown if PLAIN.fullmatch(shown) else in_markdown(shown)


def sample_block(item: Item) -> str:
    """An item with its replies as a code block."""
    asked = [f"asked: {cut_at_word(item.asked, LONGEST)}"] if item.asked else []
    lines = [*asked, *(f"option: {cut_at_word(option, 120)}" for option in item.options)]
    for reply in item.replies:
        lines.append(f"{one_line(reply.arm)}:" + (f" [{reply.status}]" if reply.status else ""))
        lines += [f"  asked: {cut_at_word(reply.asked, LONGEST)}"] if reply.asked else []
        lines += [f"  {'written by a model' if reply.by_model else 'scored answer'}: {cut_at_word(reply.written, LONGEST)}"] if reply.written else []
        lines += [f"  {one_line(name)}: {cut_at_word(value, 80)}" for name, value in reply.outcomes[:5]]
        lines += [f"  judge, {one_line(JUDGED_WORDS.get(name, name))}: {cut_at_word(value, 160)}" for name, value in reply.judged]
    return fence_text("\n".join(lines))


def format_json(value: Any) -> str:
    """JSON to be read by people."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)


def card_value(field: Mapping[str, Any]) -> str:
    """A field of the card in a Markdown table: its value, or why there is none."""
    if "missing" in field:
        return f"**missing**: {in_markdown(field['why'])}"
    if "not_applicable" in field:
        return f"not applicable: {in_markdown(field['not_applicable'])}"
    value = field["value"]
    return code(cut_at_word(value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False), 240), table=True)
