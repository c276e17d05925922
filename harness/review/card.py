"""Which fields of the reproducibility card a text states: COMPLETE, or INCOMPLETE with the names of those it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.review.document import Document, Row, Section, rows_of

# Group, field, what a row that states it is called. The independent review of a published result found data hash, exact versions and launch command missing.
FIELDS: tuple[tuple[str, str, str], ...] = (
    ("Model", "name", r"base model|model( name)?$|^model\b.*\b(name|source)"),
    ("Training", "method", r"method|^training\b.*\bmethod|fine-?tun"),
    ("Training", "checkpoint source", r"checkpoint|start(ing)? (from|point)|parent"),
    ("Training", "LoRA", r"\blora\b|adapter|\bpeft\b|full fine"),
    ("Training", "loss", r"\bloss"),
    ("Training", "learning rate", r"learning.?rate|\blr\b"),
    ("Training", "epochs", r"epoch|steps"),
    ("Training", "schedule", r"schedul|warm.?up"),
    ("Training", "optimizer", r"optimi[sz]er"),
    ("Training", "weight decay", r"weight.?decay|\bdecay"),
    ("Training", "clipping", r"clip|max.?grad"),
    ("Training", "precision", r"precision|dtype|bf16|fp16"),
    ("Training", "parallelism", r"parallel|deepspeed|zero|gpus?\b|devices"),
    ("Training", "effective batch", r"batch"),
    ("Training", "max length", r"max.?(seq(uence)?.?)?length|context length"),
    ("Training", "seeds", r"\bseed"),
    ("Data", "source", r"^data\b.*\bsource|data(set)? source|training data|^data$|^data(set)?s?$"),
    ("Data", "version or hash", r"sha-?256|hash|data(set)?.{0,12}(version|revision|commit)|^data\b.*\b(version|revision)"),
    ("Data", "sizes", r"size|rows|lines|examples|n train|samples per"),
    ("Data", "preprocessing", r"preproc|process|filter"),
    ("Eval", "metric", r"metric|measure"),
    ("Eval", "dataset", r"^eval\b.*\bdataset|eval(uation)? (data|set)|benchmark|questions"),
    ("Eval", "method", r"^eval\b.*\bmethod|eval(uation)? method|scor(ing|er)|log.?prob"),
    ("Eval", "judge and prompt version", r"judge|rubric"),
    ("Eval", "samples and temperature", r"temperature|samples"),
    ("Eval", "significance", r"signific|\btest\b|interval|\bp[- ]?value"),
    ("Compute", "hardware", r"hardware|\bgpus?\b(?!.?h)|machine"),
    ("Compute", "wall time", r"wall|duration|run ?time"),
    ("Compute", "GPU-hours", r"gpu.?h(ou)?rs?"),
    ("Compute", "API cost", r"cost|api|usd|\$"),
    ("Environment", "Python", r"python"),
    ("Environment", "exact versions", r"package|librar|version|requirements|pins?\b"),
    ("Environment", "commit", r"commit|git"),
    ("Environment", "command", r"command|launch|reproduce"),
)
# What states a field in running text: `LoRA r=32, lr=5e-6, 4 epochs`.
IN_PROSE = {
    "LoRA": r"\blora\b[^.\n]{0,20}\br\s*=?\s*\d",
    "learning rate": r"\b(lr|learning rate)\s*[=:]?\s*\d[\d.e-]*",
    "epochs": r"\b\d+ epochs?\b|\bepochs?\s*=\s*\d",
    "effective batch": r"\bbatch[ _]size\s*[=:]?\s*\d|\d\s*[x×]\s*\d+\s*=\s*\d",
    "max length": r"\bmax[a-z]*[ _]length\D{0,5}\d",
    "seeds": r"\bseeds?\s*[=:]?\s*\d",
    "precision": r"\b(bf16|fp16|fp32|bfloat16|float16|float32)\b",
    "samples and temperature": r"\btemp(erature)?\s*[=:]?\s*\d",
    "judge and prompt version": r"\b(judged|scored|graded) [^.\n]{0,40}\bby\b",
    "significance": r"\bbootstrap|\bt-test|\bpermutation|\bfisher|\bwilson|\bclopper",
    "hardware": r"\b[abhv]\d{2,3}0?\b|\brtx\b|\bcores?\b",
    "wall time": r"\b\d+(\.\d+)? ?(s|min|minutes|h|hours)\b",
    "GPU-hours": r"\d ?gpu.?h",
    "API cost": r"\$ ?\d",
    "Python": r"\bpython ?\d",
    "commit": r"\bcommit `?[0-9a-f]{7,40}\b",
}
EMPTY = re.compile(r"^[\s\-–—?.*]*$|^(tbd|todo|unknown|missing|none recorded|not recorded|n/?a|see .*)\b[\s.]*$|^missing\b", re.IGNORECASE)
RANGE = re.compile(r"[<>~^]=?\s*\d")
COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")
NO_TRAINING = re.compile(r"\bno (model was trained|training|fine-?tuning)\b|training\b.{0,20}not applicable", re.IGNORECASE)
PLACES = ("setup", "reproducib", "card", "environment", "compute")


def missing_fields(document: Document) -> list[str]:
    """The fields that nothing states, as `Environment: command`; those of training are not asked for where there was none."""
    sections = card_sections(document)
    rows = [row for section in sections for row in rows_of(section)]
    prose = "\n".join(token.content for section in sections for token in section.tokens if token.type == "inline")
    untrained = NO_TRAINING.search(document.text) is not None
    asked = [field for field in FIELDS if not (untrained and field[0] == "Training")]
    return [f"{group}: {name}" for group, name, called in asked if not (is_stated(rows, group, name, called) or is_told(prose, name))]


def is_told(prose: str, name: str) -> bool:
    return name in IN_PROSE and re.search(IN_PROSE[name], prose, re.IGNORECASE) is not None


def card_sections(document: Document) -> Sequence[Section]:
    """The sections that describe the setup; the whole text where there is none."""
    places = [section for section in document.sections if any(word in section.title.casefold() for word in PLACES)]
    chosen: list[Section] = [one for section in places for one in (section, *document.below(section))]
    return chosen or document.sections


def is_stated(rows: Sequence[Row], group: str, name: str, called: str) -> bool:
    pattern = re.compile(called, re.IGNORECASE)
    values = [row.value.strip() for row in rows if pattern.search(without_group(row.name, group).strip("*` :"))]
    filled = [value for value in values if not EMPTY.match(value)]
    if name == "exact versions":  # a range is no version
        return any(re.search(r"\d", value) and not RANGE.search(value) for value in filled)
    if name == "commit":
        return any(COMMIT.search(value) or "applicable" in value for value in filled)
    return bool(filled)


def without_group(name: str, group: str) -> str:
    """The name of a row; that of a table with a column of groups keeps its own group in front and matches no other."""
    first = name.split(" ")[0]
    groups = {field[0].casefold() for field in FIELDS}
    if first.casefold() in groups and " " in name:
        return name if first.casefold() == group.casefold() else ""
    return name
