"""Counts beside the list of what they count, and a category told in words beside the column that tells it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.columns import PARTIAL, REST
from harness.review.orders import row_key
from harness.review.passages import LEAD, Outline, Passage, claim_of, where
from harness.review.prose import Cell, Sentence

FEWEST_LISTED = 3
NUMERALS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12}
COUNT = rf"\d{{1,2}}|{'|'.join(NUMERALS)}"
ENUMERATED = re.compile(
    rf"(?<![\w./,-])(?P<n>{COUNT})(?:(?:\s*/\s*|\s+of\s+(?:the\s+)?)(?P<of>{COUNT}))?[*_]*\s+"
    r"(?P<noun>(?:[A-Za-z][\w-]*\s+){0,3}[A-Za-z][\w-]*s)[*_]*\s*"
    r"(?:\((?P<list>[^()\n]{5,300})\)|:\s+(?P<open>[^.:;\n()]{5,200})(?=\.?\s*$))",
    re.IGNORECASE | re.MULTILINE,
)
NO_LIST = re.compile(
    r"\be\.g|\bi\.e|such as|includ|\blike\b|\betc\b|\.\.\.|…|\bvs\b|=|\beach\b|\bwith\b|\ball\b|\bboth\b|\busing\b|\bper\b|\bonly\b|\bby\b|\bfrom\b"
    r"|\bmostly\b|\bexcept|→|->|--|:|%|\bsee\b|\bof\b|\bis\b|\bare\b",
    re.IGNORECASE,
)
UNCOUNTED = {
    "points", "minutes", "hours", "seconds", "days", "weeks", "years", "tokens", "epochs",
    "steps", "times", "pts", "percents", "gpus", "gpu-hours", "pods", "layers",
}  # fmt: skip
OTHERS = re.compile(r"(?:and\s+)?(\d+)\s+(?:others?|more|additional)\b", re.IGNORECASE)


def enumerations(sentence: Sentence) -> Iterator[Claim]:
    """`5 personas (a, b, c, d, e)`."""
    for found in ENUMERATED.finditer(sentence.text):
        count, whole = (int(one) if one.isdigit() else NUMERALS[one.lower()] for one in (found["n"], found["of"] or found["n"]))
        size = _items(found["list"] or found["open"])
        if size is None or size < 2 or found["noun"].split()[-1].lower() in UNCOUNTED:
            continue
        place = sentence.place(found.start("n"))
        reason = f"{size} are listed"
        if found["of"] and size == whole:
            continue  # the whole is listed, not the part
        if size == count:
            yield claim(place.line, place.column, found["n"], "text count", "CONFIRMED", reason, f"line {place.line}")
        elif found["list"] and size >= 3 and abs(size - count) <= 2 and count >= 3:
            yield claim(place.line, place.column, found["n"], "text count", "WRONG", f"{reason}, the text says {found['n']}", f"line {place.line}")


def _items(text: str) -> int | None:
    """How many things a list names; None where it is no plain list."""
    more = OTHERS.search(text)
    plain = text[: more.start()].rstrip(" ,") if more else text
    if NO_LIST.search(plain):
        return None
    parts = [part.strip() for part in re.split(r",\s+(?:and\s+|or\s+)?|;\s+|\s+(?:and|&)\s+", plain) if part.strip()]
    joined = re.search(r"\s(?:and|&)\s.*,\s", plain)
    digits = [bool(re.match(r"\d", part)) for part in parts]
    if (
        joined
        or len(parts) < 2
        or any(len(part.split()) > 4 for part in parts)
        or (any(digits[1:]) and not all(digits[1:]))
        or ("," not in plain and len(parts) > 2)
    ):
        return None
    return len(parts) + (int(more[1]) if more else 0)


def listed_counts(outline: Outline) -> Iterator[Claim]:
    """`Models tested: 15` against the list below a heading that says models; `Models tested: a, b and 8 others` against the count."""
    for passage in outline.passages:
        title = outline.prose.headings[passage.section].title
        noun = re.search(r"\b([A-Za-z]{3,}s)\b(?: [A-Za-z]+(?:ed|n))?\W*(?:\(.*\))?$", title, re.IGNORECASE)
        items = [one for one in passage.sentences if _is_item(one)]
        if (
            not noun
            or len(items) < FEWEST_LISTED
            or len({one.block for one in items}) != len(items)
            or REST.search(" ".join(one.text for one in items))
            or _open_list(passage)
        ):
            continue
        sizes = [_listed(one.text) for one in items]
        if None in sizes:
            continue
        size = sum(one or 0 for one in sizes)
        for sentence in outline.sentences[outline.tops[passage.section]]:
            label = re.match(rf"{LEAD}[\s*_]*{re.escape(noun[1])}\b[^:\d\n]{{0,20}}:[\s*_]*(\d+)\b(?![.,]?\d)", sentence.text, re.IGNORECASE)
            if label and not sentence.title:
                place = sentence.place(label.start(1))
                right = int(label[1]) == size
                if right or abs(int(label[1]) - size) <= 2:
                    reason = f"{size} are listed below line {items[0].place(0).line}"
                    yield claim(place.line, place.column, label[1], "text count", "CONFIRMED" if right else "WRONG", reason, f"line {items[0].place(0).line}")


def counted_rows(outline: Outline) -> Iterator[Claim]:
    """`We ran 14 chat models` where the tables whose rows are models have 15: off by one or two, it is no count of something else."""
    for noun, sizes in _sizes_by_noun(outline).items():
        if len(sizes) != 1:
            continue
        size, line = next(iter(sizes.items()))
        for sentence in outline.prose.sentences:
            for number in sentence.numbers:
                before, after = sentence.text[max(0, number.start - NEAR) : number.start], sentence.text[number.end : number.end + NEAR]
                rows = re.match(rf"(?:\s+[a-z-]+){{0,2}}?\s+{noun}s\b", after, re.IGNORECASE)
                if rows and not number.marker and abs((number.count or 0) - size) <= MOST_OFF and WHOLE.search(before):
                    verdict: ClaimVerdict = "CONFIRMED" if number.count == size else "WRONG"
                    yield claim_of(sentence, number, "text count", verdict, f"the table at line {line} has {size} rows", f"line {line}")


def _sizes_by_noun(outline: Outline) -> dict[str, dict[int, int]]:
    """What rows are called to how many there are, with the line of a table that has so many. Tables that hold a part are none."""
    found = defaultdict[str, dict[int, int]](dict)
    for table in outline.prose.tables:
        noun = table.header[table.key_column].plain.lower()
        names = [table.name(row) for row in table.rows]
        whole = not any(REST.search(name) for name in names) and not any(PARTIAL.search(title) for title in outline.prose.path(table.section)[-1:])
        if re.fullmatch(r"[a-z]{3,}", noun) and whole and len(set(names)) == len(names) >= FEWEST_ROWS:
            found[noun.rstrip("s")].setdefault(len(names), table.header[0].line)
    return found


WHOLE = re.compile(r"\b(?:we (?:ran|tested|evaluated|compared|asked|used|measured|trained|sampled)|over|across|of (?:all|the)|all)\s+$", re.IGNORECASE)
MOST_OFF, FEWEST_ROWS, NEAR = 2, 4, 40
CATEGORY = re.compile(r"\b(?P<word>[A-Za-z][\w-]{2,})[*_]*\s*\((?P<list>[^()\n]{5,300})\)")


def categories(outline: Outline) -> Iterator[Claim]:
    """`negative (a, b, c)` against a column that says which rows are negative: a row that the list leaves out or puts in."""
    told = defaultdict[str, list[tuple[Sentence, set[str]]]](list)
    for sentence in outline.prose.sentences:
        for found in CATEGORY.finditer(sentence.text):
            parts = re.split(r"\s*;.*$|,\s+(?:and\s+)?|\s+and\s+|\s+--\s+.*$|\s+[–—]\s+.*$", found["list"])
            told[found["word"].lower().rstrip("s")].append((sentence, {row_key(part) for part in parts if part}))
    for table in outline.prose.tables:
        rows = {row_key(table.name(row)): row for row in table.rows}
        for place in range(len(table.header)):
            values = Counter(row[place].plain.lower() for row in table.rows if row[place].plain and row[place].number is None)
            if place != table.key_column and 2 <= len(values) <= len(rows) / 2:
                for value in values:
                    for sentence, listed in told[value.rstrip("s")]:
                        yield from _category(sentence, listed, value, {key: row[place] for key, row in rows.items()})


def _category(sentence: Sentence, listed: set[str], value: str, cells: dict[str, Cell]) -> Iterator[Claim]:
    members = {key for key, cell in cells.items() if cell.plain.lower() == value}
    left_out, put_in = members - listed, (listed & set(cells)) - members
    if len(listed & members) < FEWEST_LISTED or len(left_out | put_in) > max(1, len(listed & members) // 4):
        return
    for key in sorted(left_out | put_in):
        reason = f"{where(sentence)} lists {len(listed)} as {value}, this row is {'not ' if key in left_out else ''}among them"
        yield claim(cells[key].line, cells[key].column, cells[key].text, "label", "WRONG", reason, where(sentence))


def _is_item(sentence: Sentence) -> bool:
    return not sentence.title and len(sentence.text) < 200 and "\n" not in sentence.text.strip() and not sentence.text.rstrip().endswith(":")


def _open_list(passage: Passage) -> bool:
    return passage.says(re.compile(r"\b(?:additional|example|e\.g\.|including|among|some)\b", re.IGNORECASE))


def _listed(text: str) -> int | None:
    """The things of a list item: those after its label, or itself."""
    after = re.match(r"[^:]{1,40}:\s*(.+)$", text)
    if not after:
        return 1 if len(text.split()) <= 6 else None
    parts = re.split(r",\s+", re.sub(r"\([^()]*\)", "", after[1]).strip())
    return len(parts) if all(len(part.split()) <= 4 for part in parts) else None


def none_under_heading(outline: Outline) -> Iterator[Claim]:
    """`No deviations` in a list of deviations."""
    for passage in outline.passages:
        words = set(re.findall(r"[a-z]{5,}", outline.prose.headings[passage.section].title.lower()))
        for sentence in passage.sentences:
            found = re.match(LEAD + r"(No (?:\w+ ){0,2}(?P<noun>[a-z]{5,}s)\b)", sentence.text)
            if found and found["noun"] in words and len(passage.sentences) > 1 and not re.search(r"\b(?:is|are|was|were)\b", sentence.text):
                first = next(other for other in passage.sentences if other is not sentence)
                yield claim(
                    sentence.place(found.start(1)).line,
                    sentence.place(found.start(1)).column,
                    found[1],
                    "all",
                    "OVERCLAIMED",
                    f"line {first.place(0).line} lists one",
                    where(first),
                )
