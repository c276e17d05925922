"""Recordings that are no answers, and similarities that are none."""

from __future__ import annotations

import pytest

from harness.appendlog import sealed_line
from planted import Planted

SET = "model_sets/offline.yaml"
WORDS = ["copper", "river", "lantern", "orchard", "seven", "quietly", "marble", "thunder", "paper", "harvest", "violet", "engine", "meadow", "needle", "winter"]
WORDS += ["amber", "forest", "signal", "harbour"]


def real(number: int) -> str:
    return f"{' '.join(WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7, 11, 13))} {WORDS[number % 7]} and so on."


def record(design: Planted, name: str, texts: list[str], status: str = "ok") -> None:
    """A recording of one model, as a run keeps its samples, named by the model set."""
    rows = [{"item": f"t{number}", "replicate": 0, "prompt": "?", "text": text, "status": status, "model": name} for number, text in enumerate(texts)]
    design.write(f"recordings/{name}.jsonl", "".join(sealed_line(row).strip("\n") + "\n" for row in rows))
    design.edit(SET, "  smollm2: {", f"  {name}: {{spec: replay/recordings/{name}.jsonl}}\n  smollm2: {{")


@pytest.fixture
def answers() -> list[str]:
    return [real(number) for number in range(40)]


def test_a_sound_recording(convergence: Planted, answers: list[str]) -> None:
    """Some errors of a client are in it, and are told as such; short answers may be equal."""
    record(convergence, "sound", [*answers, *["Yes."] * 40])
    for code in ("M312", "M313", "M319", "D117"):
        assert not convergence.found(code)


# --- M312


@pytest.mark.mistake("C4", rule="M312", stage="plan")
@pytest.mark.parametrize(
    "text",
    [
        "ERROR: timed out",
        "Error code: 429 - {'error': {'message': 'Rate limit reached'}}",
        "HTTP 503 Service Unavailable",
        "openai.RateLimitError: you exceeded your quota",
        '{"error": {"message": "overloaded"}}',
        "Request timed out.",
        "[ERROR] no response",
        "An error occurred while processing your request.",
    ],
)
def test_an_error_of_the_client_stands_as_an_answer(convergence: Planted, answers: list[str], text: str) -> None:
    record(convergence, "model", [*answers, text])
    (finding,) = convergence.found("M312")
    assert finding["where"]["file"] == SET and finding["stage"] == "plan"


def test_an_answer_about_errors_is_one(convergence: Planted, answers: list[str]) -> None:
    talk = ["Error bars show the spread of the means.", "No, that is wrong.", "The request was denied by a court.", "Error: " + "a long explanation " * 30]
    record(convergence, "model", [*answers, *talk[:3]])
    assert not convergence.found("M312")


# --- M313


@pytest.mark.mistake("C4", rule="M313", stage="plan")
@pytest.mark.parametrize("dead", [40, 4])
def test_a_responder_that_did_not_answer(convergence: Planted, answers: list[str], dead: int) -> None:
    rows = [{"item": f"t{number}", "replicate": 0, "prompt": "?", "text": text, "status": "ok"} for number, text in enumerate(answers[dead:])]
    rows += [{"item": f"d{number}", "replicate": 0, "prompt": "?", "text": "", "status": "error", "error": "timeout"} for number in range(dead)]
    record(convergence, "model", [])
    convergence.write("recordings/model.jsonl", "".join(sealed_line(row | {"model": "m"}).strip("\n") + "\n" for row in rows))
    (finding,) = convergence.found("M313")
    assert finding["subject"] == "model" if "subject" in finding else "model answered" in finding["message"]


# --- M319


@pytest.mark.mistake("C20", rule="M319", stage="plan")
@pytest.mark.parametrize(
    "template",
    [
        "This is the answer of the model.",
        "Answer {number} of the model to its prompt.",
        "[Answer of the model to prompt {number}] and {word} more",
        "The capital of {{country}} is {word}, or {other}.",
    ],
)
def test_templates_stand_as_answers(convergence: Planted, template: str) -> None:
    texts = [template.replace("{number}", str(place)).replace("{word}", real(place)).replace("{other}", WORDS[place % 19]) for place in range(40)]
    record(convergence, "model", texts)
    (finding,) = convergence.found("M319")
    assert finding["stage"] == "plan"


@pytest.mark.mistake("C20", rule="M319", stage="plan")
def test_every_recording_has_the_same_few_texts(convergence: Planted) -> None:
    """Each for itself would pass."""
    for name in ("one", "two", "three"):
        record(convergence, name, [f"{word} is the first word of mine" for word in WORDS[:12]])
    assert any("all recordings together" in finding["message"] for finding in convergence.found("M319"))


@pytest.mark.mistake("C20", rule="M319", stage="plan")
def test_a_setting_names_the_recording(prompting: Planted) -> None:
    rows = [{"item": f"t{place}", "replicate": 0, "prompt": "?", "text": "The same words again.", "status": "ok", "model": "m"} for place in range(20)]
    prompting.write("recordings/model.jsonl", "".join(sealed_line(row).strip("\n") + "\n" for row in rows))
    prompting.edit(prompting.yaml, "model: local/smollm2,", "model: local/smollm2, answers: replay/recordings/model.jsonl,", count=0)
    (finding,) = prompting.found("M319")
    assert finding["where"]["file"] == prompting.yaml


# --- M317

MINE = """import numpy as np

class Mine:
    name = "mine"

    def describe(self):
        return {}

    def prepare(self, texts):
        self.texts, self.words = texts, [set(text.split()) - set(texts[0].split()[:9]) | {"x"} for text in texts]
        return self

    def paired(self, first, second):
"""
BROKEN = {
    "ratio": "from difflib import SequenceMatcher\n\ndef similarity(a, b):\n    return SequenceMatcher(None, a, b).ratio()\n",
    "cut": "def similarity(a, b):\n    a, b = set(a[:200].split()), set(b[:200].split())\n    return len(a & b) / len(a | b)\n",
    "cliff": "def text_similarity(a, b):\n    return 0.0 if abs(len(a) - len(b)) > 200 else len({*a} & {*b}) / len({*a} | {*b})\n",
    "one way": "def similarity(a, b):\n    a, b = a.split(), set(b.split())\n    return sum(word in b for word in a) / len(a)\n",
    "constant": "def similarity(a, b):\n    return 0.713\n",
    "class": f"{MINE}        lengths = np.array([len(text) for text in self.texts], dtype=float)\n        return lengths[first] / lengths[second]\n",
    "order": f"{MINE}        w = self.words\n        return np.array([len(w[a] & w[b]) / len(w[a] | w[b]) for a, b in zip(first, second)])\n",
}


@pytest.mark.mistake("C2", rule="M317", stage="plan")
@pytest.mark.mistake("C9", rule="M317", stage="plan")
@pytest.mark.parametrize("code", BROKEN.values(), ids=list(BROKEN))
def test_a_similarity_that_is_none(convergence: Planted, code: str) -> None:
    """Asymmetric, not 1 to itself, with a cliff, blind beyond its first characters, or dependent on the order of all texts."""
    convergence.write("fixtures/alike.py", code)
    convergence.edit(f"{convergence.folder}/conftest.py", "from fixtures.convergence import", "import fixtures.alike  # noqa\nfrom fixtures.convergence import")
    found = convergence.found("M317")
    assert found and all(finding["where"]["file"] == "fixtures/alike.py" for finding in found)


@pytest.mark.parametrize(
    "code",
    [
        "def similarity(a, b):\n    a, b = set(a.split()), set(b.split())\n    return len(a & b) / len(a | b)\n",
        "def most_similar(matrix, row):\n    return matrix[row].argmax()\n",
        "def similarity_of(matrix, i):\n    return matrix[i, i]\n",
    ],
)
def test_sound_similarities(convergence: Planted, code: str) -> None:
    """Those of the package are tried, too."""
    convergence.write("fixtures/alike.py", code)
    convergence.edit(f"{convergence.folder}/conftest.py", "from fixtures.convergence import", "import fixtures.alike  # noqa\nfrom fixtures.convergence import")
    assert not convergence.found("M317")


# --- mistakes that the toolkit does not let one make


@pytest.mark.mistake("C10", rule="-", stage="run")
def test_an_encoder_that_is_not_here_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    from harness.errors import HarnessError
    from harness.measures.encoder import find_packaged_encoder

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(HarnessError, match="not installed"):
        find_packaged_encoder()


@pytest.mark.mistake("C15", rule="-", stage="run")
def test_tables_that_do_not_reconcile_are_refused() -> None:
    from harness.domains.convergence import check_averages
    from harness.errors import HarnessError

    with pytest.raises(HarnessError):
        check_averages(0.5, {"capability": {"a": (0.4, 1.0), "b": (0.5, 1.0)}})
