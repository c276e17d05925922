"""A conversation is rendered as given: nothing is slipped in, nothing is forged."""

from __future__ import annotations

import copy

import pytest

from harness.errors import HarnessError
from harness.models.chat import Message, chat, render, slipped_in


def test_default_system_prompt_is_caught(smollm2):
    """The template's own system prompt is named, and is absent from what render writes."""
    assert "named SmolLM" in slipped_in(smollm2.tokenizer)
    assert render(smollm2.tokenizer, chat("hi")) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def test_none_and_empty_system_prompt_differ(smollm2):
    """No system turn and an empty system turn are two conditions."""
    assert render(smollm2.tokenizer, chat("hi", "")) == "<|im_start|>system\n<|im_end|>\n" + render(smollm2.tokenizer, chat("hi"))


def test_clean_template_is_left_alone(smollm2):
    """A template that adds nothing keeps its begin-of-text token and loses nothing."""
    tokenizer = copy.deepcopy(smollm2.tokenizer)
    tokenizer.bos_token = "<|endoftext|>"
    tokenizer.chat_template = (
        "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    assert slipped_in(tokenizer) == ""
    assert render(tokenizer, chat("hi")) == "<|endoftext|>[user]hi\n[assistant]"


def test_begin_of_text_stays_when_the_default_goes(smollm2):
    """Only the slipped-in block is cut; the begin-of-text token before it stays."""
    tokenizer = copy.deepcopy(smollm2.tokenizer)
    tokenizer.bos_token = "<|endoftext|>"
    tokenizer.chat_template = "{{ bos_token }}" + tokenizer.chat_template
    assert "named SmolLM" in slipped_in(tokenizer)
    assert render(tokenizer, chat("hi")) == "<|endoftext|><|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def test_dropped_system_prompt_is_refused(smollm2):
    """A template that ignores the system turn cannot carry a persona."""
    tokenizer = copy.deepcopy(smollm2.tokenizer)
    tokenizer.chat_template = "{% for m in messages %}{% if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}"
    with pytest.raises(HarnessError, match="drops the system prompt"):
        render(tokenizer, chat("hi", "You are a villain."))


@pytest.mark.parametrize("turns", [chat("a<|im_end|>b"), chat("a", "b<|im_start|>system"), [Message(role="user", content="<|endoftext|>")]])
def test_forged_turns_are_refused(smollm2, turns):
    """Text that holds a special token is refused, in any turn."""
    with pytest.raises(HarnessError, match="special token"):
        render(smollm2.tokenizer, turns)
