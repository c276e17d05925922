"""Which option of a multiple-choice question an answer names. What could be read in two ways is not read."""

from __future__ import annotations

import re

from harness.measures.items import Item

# "Answer:", also bold or as a heading, says what the answer is; "the answer is" may also begin a sentence about it, and counts where an option follows.
MARKER = re.compile(r"\banswer\W{0,3}:\W{0,3}?(?=\S|$)|\banswer\s+is:?|\\boxed\s*(?=\{)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"[\s*_`'\"]*(?:<[^>\n]{0,80}>|\[\s*(?:letter|option|choice)\s*\]|…|\.\.\.)", re.IGNORECASE)
LONGEST = 1000  # characters that are looked at behind a marker
WRAPPING = " \t\r\n*_`'\"“”‘’$([{<"
NEGATED = re.compile(r"\b(?:no|not|never|neither|nor|cannot|wrong|incorrect|unlike)\b|n['’]t\b", re.IGNORECASE)


def read_choice(text: str, item: Item) -> str | None:
    """The label of the option that an answer names: by the last "Answer: …" (a letter, or the option's text), else as all that the answer or its last line
    says. A letter within a sentence is a word, and two options are none."""
    text = text.strip()
    for found in reversed(list(MARKER.finditer(text))):
        if not PLACEHOLDER.match(text, found.end()) and (label := read_stated(found, text, item)) != "undecided":
            return label or None
    last = text.rpartition("\n")[2]
    if len(set(marked_labels(text, item))) > 1 and marked_labels(last, item):  # the options, as they were asked
        return None
    return alone(text, item) or only_label(text, item) or alone(last, item) or only_option(last, item) or None


def read_stated(found: re.Match[str], text: str, item: Item) -> str:
    """The label behind a marker; "" where "Answer:" is followed by anything else, "undecided" where "the answer is" is."""
    line = text[found.end() : found.end() + LONGEST].lstrip(WRAPPING).removeprefix("\\text{").partition("\n")[0]
    return label_at(line, item) or ("" if found[0].rstrip().endswith(":") else "undecided")


def label_at(line: str, item: Item) -> str:
    """The label that a line begins with: an option's text, or a letter that is no word of a sentence."""
    if option := longest_option(line, item):
        return option
    for label in sorted(item.labels, key=len, reverse=True):
        if line[: len(label)].upper() != label.upper():
            continue
        rest = line[len(label) :].lstrip("*_`'\"”’")
        another = "|".join(map(re.escape, item.labels))
        if re.match(rf"\s*(?:,|/|&|and|or)\s*\(?(?:{another})(?!\w)", rest, re.IGNORECASE):
            return ""
        if not rest.strip() or rest[0] in ".,;:)]}>$" or re.match(r"\s+(?:[-–—(=\\]|because\b|since\b|as\b|is\b)", rest):
            return label
        if label.upper() not in ("A", "I") and line[: len(label)] == label and re.match(r"\s", rest):
            return label
    return ""


def longest_option(line: str, item: Item) -> str:
    """The label of the longest option that a line begins with, as a whole word."""
    plain = squeeze(line)
    fits = [(len(option), label) for label, choice in zip(item.labels, item.choices, strict=True) if begins(plain, option := squeeze(choice))]
    return max(fits)[1] if fits else ""


def begins(line: str, option: str) -> bool:
    return line.startswith(option) and not line[len(option) : len(option) + 1].isalnum()


def squeeze(text: str) -> str:
    """Lower case, one blank between words, without the mark at the end of a sentence."""
    return " ".join(text.casefold().split()).rstrip(".!*_`'\" ")


def alone(text: str, item: Item) -> str:
    """The label where a text is nothing but a letter or an option, with or without the other."""
    plain = text.strip(f"{WRAPPING})]}}>.:,!")
    for label, choice in zip(item.labels, item.choices, strict=True):
        both = re.fullmatch(rf"{re.escape(label)}\s*[.):\]]+[\s*]*(.*)", plain, re.IGNORECASE | re.DOTALL)
        if plain.upper() == label.upper() or squeeze(plain) == squeeze(choice) or (both and squeeze(both[1]) == squeeze(choice)):
            return label
    return ""


def marked_labels(text: str, item: Item) -> list[str]:
    """The labels that are set off as in a list: "A.", "B)"."""
    return re.findall(rf"(?<![\w.])\(?({'|'.join(map(re.escape, item.labels))})[.):](?=[\s*]|$)", text)


def only_label(text: str, item: Item) -> str:
    """The label at the beginning of an answer, as in "B) since …", where no other one is set off like it."""
    first = re.match(rf"[\s*_(\[]*({'|'.join(map(re.escape, item.labels))})(?:[.):]|(?<![AI]),)", text)
    return str(first[1]) if first and set(marked_labels(text, item)) <= {first[1]} else ""


def only_option(line: str, item: Item) -> str:
    """The option whose text stands in a line that names no other and denies nothing. Options that hold one another: the longest counts."""
    if NEGATED.search(line):
        return ""
    left, found = squeeze(line), []
    for option, label in sorted(((squeeze(choice), label) for label, choice in zip(item.labels, item.choices, strict=True)), key=lambda one: -len(one[0])):
        pattern = rf"(?<!\w){re.escape(option)}(?!\w)"
        if len(option) > 1 and re.search(pattern, left):
            found.append(label)
            left = re.sub(pattern, "\n", left)
    return found[0] if len(found) == 1 else ""
