"""Rules about recordings: are the answers in them answers, and of somebody who was alive?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harness.domains.convergence.placeholders import DISTINCT, distinct_share, find_placeholders
from harness.findings import Facts, found, rule
from harness.records import Finding, Place

# What clients and servers say instead of a model. A real answer may begin so, too, but it is hardly as short.
COMPLAINTS = (
    r"[\w.]*(error|exception)\b\s*[:(\]\d]|error code|an error occurred|traceback \(|\"?error\"? ?:",
    r"http(/\d(\.\d)?)?( error)? [45]\d\d|[45]\d\d (client|server) error|(<!)?(doctype )?html",
    r"[45]\d\d:? (bad request|too many|unauthorized|payment|forbidden|not found|internal|bad gateway|service|gateway)",
    r"rate limit|quota exceeded|too many requests|internal server error|bad gateway|service unavailable|invalid api key|no response",
    r"(the )?(request|connection|read|operation) (timed out|timeout|error|refused|failed|reset)|failed to (get|generate|fetch|connect)",
    r"(api|model) (call |request )?(failed|error|unavailable|not found)",
)
COMPLAINT = re.compile(rf"\W*({'|'.join(COMPLAINTS)})", re.IGNORECASE)
LONGEST = 300  # characters of a complaint
ALIVE = 0.95  # the share of answered tasks from which on a responder is alive, unless the setting says otherwise
FEWEST = 10  # answers of which something can be said


def place_of(place: str) -> Place:
    file, _, line = place.rpartition(":")
    return Place(file=file, line=int(line))


@rule("M312", "client error as answer", needs=("recordings",), source="C4: the API client's own errors stood in the recording as answers and were compared")
def find_client_errors(facts: Facts) -> Iterable[Finding]:
    """The error of a client is a text, so that it can be compared, is like itself, and even refuses. Reads the recordings that a model set or a setting names:
    short answers in the words of clients and servers. What the form of a recording marks as an error is none of these.

    Bad: `{"status": "ok", "text": "Error code: 429 - rate limit reached"}`.

    Good: `{"status": "error", "text": "", "error": "429 rate limit reached"}`.
    """
    for one in facts.recordings:
        if one.error is not None:
            if "client's error" not in one.error.what:
                raise one.error
            yield found(f"{one.name}: {one.error.what}", where=place_of(one.place), fix=MARK, evidence=(one.error.where,), subject=one.name)
            continue
        complaints = [text for text in one.texts if len(text) <= LONGEST and COMPLAINT.match(text)]
        if complaints:
            message = f"{one.name}: {len(complaints)} of {len(one.texts)} answers are errors of a client or a server"
            shown = tuple(" ".join(text.split())[:60] for text in dict.fromkeys(complaints))
            yield found(message, where=place_of(one.place), fix=MARK, evidence=shown, subject=one.name)


MARK = "Record them with the status error and no text"


@rule("M313", "dead responder", needs=("recordings",), source="C4: endpoints that answered nothing stood at the top of the ranking")
def find_dead(facts: Facts) -> Iterable[Finding]:
    """A responder that did not answer is compared on what is left, or agrees with others in silence. Counts the answers among the rows of a recording: fewer
    than the setting `alive` asks for (default: .95) is a dead one.

    Bad: a member of a model set whose recording holds 30 errors and no answer.

    Good: the member is left out, or recorded again.
    """
    alive = float(facts.settings.get("alive", ALIVE))
    for one in facts.recordings:
        if one.responder and one.responder.rows and (share := len(one.texts) / len(one.responder.rows)) < alive:
            message = f"{one.name} answered {len(one.texts)} of {len(one.responder.rows)} rows of its recording ({share:.0%}), fewer than {alive:.0%}"
            yield found(message, where=place_of(one.place), fix="Leave it out of the set, or record it again", subject=one.name)


@rule("M319", "placeholder answers", needs=("recordings",), source="C20: the answers of all models were a few templates, and the result was of them")
def find_templates(facts: Facts) -> Iterable[Finding]:
    """A recording that a script filled with templates passes for the answers of many models until somebody reads it. Looks at each recording and at all of them
    together: few distinct texts over many rows, numbers aside, or brackets that wait to be filled in. Answers of one or two words are not looked
    at, since real ones are often equal.

    Bad: 156 rows of 3 texts; "[Answer of the model]"; "This is answer 17 of model A".

    Good: 410 rows of 380 texts.
    """
    single = [(one, long_texts(one.texts)) for one in facts.recordings]
    for one, texts in single:
        if why := looks_like_templates(texts):
            yield found(f"{one.name}: {why}", where=place_of(one.place), fix=REAL, evidence=commonest(texts), subject=one.name)
            return
    every = [text for _, texts in single for text in texts]
    if single and (why := looks_like_templates(every)):
        yield found(f"all recordings together: {why}", where=place_of(single[0][0].place), fix=REAL, evidence=commonest(every))


REAL = "Record what the models really answered"


def long_texts(texts: Iterable[str]) -> list[str]:
    """Texts of three words or more, with their numbers made alike."""
    return [re.sub(r"\d+", "0", text) for text in texts if len(text.split()) > 2]


def looks_like_templates(texts: list[str]) -> str:
    """Why, "" where they do not; numbers are the one thing in which templates differ."""
    if len(texts) < FEWEST:
        return ""
    return find_placeholders(texts) if distinct_share(texts) >= DISTINCT else f"{len(texts)} answers are {distinct(texts)} distinct texts, numbers aside"


def distinct(texts: list[str]) -> int:
    return round(distinct_share(texts) * len(texts))


def commonest(texts: list[str]) -> Iterator[str]:
    from collections import Counter

    return (" ".join(text.split())[:60] for text, _ in Counter(texts).most_common(3))
