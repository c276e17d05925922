"""Whether an answer follows an instruction is decided by a program, and the same way each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.domains.convergence.instructions import CHECKS, NEEDS, is_followed, require_known_checks
from harness.domains.convergence.tasks import Follows, Instruction, Task, load_tasks
from harness.errors import HarnessError
from harness.models.chat import chat

BANK = Path(__file__).parents[3] / "banks" / "convergence" / "instruction_following.jsonl"

# check, what it needs, an answer that follows, one that does not
PAIRS = [
    ("max_words", {"n": 3}, "Tea with milk.", "Tea with cold milk."),
    ("max_words", {"n": 3}, "- **Don't** over-think it", "1. Do not think it"),
    ("min_words", {"n": 3}, "It is 10:30 - hurry!", "- It isn't"),
    ("exact_words", {"n": 4}, "About 3.5 well-known miles", "About 3.5 well-known"),
    ("exact_words", {"n": 2}, "# Bold *words*", "# Two bold *words*"),
    ("sentences", {"n": 2}, "Dr. Lee left at 3.30. Why?", "Dr. Lee left."),
    ("sentences", {"n": 1}, '"Stop!" he said, e.g. to the dog', "Stop! He said so."),
    ("sentences", {"n": 2}, "A title\n\nOne sentence.", "One\nsentence."),
    ("sentences", {"n": 2}, "He was born in St. Ives. J. K. Rowling was not!", "Wait... what?"),
    ("exact_words", {"n": 2}, "**T**ogether we", "**T**ogether"),
    ("lines", {"n": 2}, "one\n\ntwo", "one two"),
    ("paragraphs", {"n": 2}, "One.\nStill one.\n \nTwo.", "One.\nStill one."),
    ("bullets", {"n": 2}, "Here:\n- one\n* two", "- one\n-two\n**three**"),
    ("numbered", {"n": 2}, "Steps:\n1. one\n**2.** two", "1. one\n3. two"),
    ("numbered", {"n": 2}, "1) one\n2) two", "- one\n- two"),
    ("starts_with", {"text": "Yes"}, "**Yes**, it is.", "Yesterday it was."),
    ("starts_with", {"text": "Dear Sam,"}, "dear Sam, hello", "Oh dear Sam, hello"),
    ("ends_with", {"text": "thank you"}, 'I said "Thank you."', "Thank you all"),
    ("ends_with", {"text": "end"}, "This is the *end*.", "This is a weekend."),
    ("ends_with", {"text": "!"}, "Hello!", "Hello."),
    ("contains", {"words": ("rain", "umbrella")}, "RAIN? Take an *umbrella*.", "Rainy days want an umbrella."),
    ("avoids", {"words": ("very", "a lot")}, "Every slot.", "I like it a\nlot."),
    ("keyword_count", {"text": "sea", "n": 2}, "The sea, the **Sea**, the seaside", "The sea"),
    ("keyword_count", {"text": "!", "n": 1}, "Hello!", "Hello!!"),
    ("repeats", {"text": "Ho ho", "n": 2}, "Ho ho, ho ho!", "Ho ho ho"),
    ("one_of", {"words": ("yes", "no")}, ' "**Yes**." ', "Yes, it is."),
    ("all_lower", {}, "it's 5 o'clock", "It's five"),
    ("all_lower", {}, "a", "5"),
    ("all_upper", {}, "IT'S 5 O'CLOCK", "IT'S 5 o'CLOCK"),
    ("all_upper", {}, "A", "42!"),
    ("no_commas", {}, "one; two", "one, two"),
    ("no_letter", {"text": "e"}, "A big dog", "Ever"),
    ("no_digits", {}, "two dogs", "1. dogs"),
    ("only_digits", {}, "**1492**", "1,492"),
    ("only_digits", {}, "7", "7 days"),
    ("question_marks", {"n": 1}, "Who?", "Who??"),
    ("csv", {"n": 3}, "red, green, blue", "red, green,\nblue"),
    ("csv", {"n": 3}, "1,2,3", "1,2,"),
    ("json_keys", {"words": ("name", "age")}, '```json\n{"age": 3, "name": "Bo"}\n```', '{"age": 3}'),
    ("json_keys", {"words": ("name",)}, '{"name": "Bo"}', 'Here it is: {"name": "Bo"}'),
    ("json_list", {"n": 2}, '["a", "b"]', "['a', 'b']"),
    ("json_list", {"n": 1}, "[[]]", "[" * 100_000),
    ("sorted_alphabetically", {}, "1. apple\n2. Pear\n3. plum", "plum\napple"),
    ("sorted_alphabetically", {}, "apple, Pear, and plum.", "apple"),
    ("sorted_alphabetically", {}, "Sorted:\n- **apple**\n- pear", "Apples:\n- pear\n- apple"),
    ("wrapped_in", {"text": '"'}, "\u201cHello\u201d", 'She said "hello"'),
    ("wrapped_in", {"text": "["}, "[ok]", "[ok["),
    ("wrapped_in", {"text": "***"}, "*** hi ***", "******"),
    ("acrostic", {"text": "cat"}, "- Claws\n- **Alert**\n\n- Tail", "Claws, alert, tail"),
]


@pytest.mark.parametrize(("name", "given", "good", "bad"), PAIRS)
def test_an_answer_follows_or_does_not(name, given, good, bad):
    """Each check tells the two apart."""
    check = Instruction(check=name, **given)
    assert is_followed(good, check) and not is_followed(bad, check)


def test_every_check_is_tried():
    """No check stands in the table without a pair above, and each says in a sentence what it means."""
    assert {name for name, *_ in PAIRS} == set(CHECKS) == set(NEEDS)
    assert all(check.__doc__ for check in CHECKS.values())


@pytest.mark.parametrize(("name", "given", "good", "bad"), PAIRS)
def test_white_space_around_an_answer_counts_for_nothing(name, given, good, bad):
    """Blanks and newlines before and after do not change the verdict."""
    check = Instruction(check=name, **given)
    assert is_followed(f"\n  {good} \n\n", check) and not is_followed(f"\n  {bad} \n\n", check)


@pytest.mark.parametrize(("name", "given"), [pair[:2] for pair in PAIRS])
@pytest.mark.parametrize("text", ["", " \n\t "])
def test_silence_follows_nothing(name, given, text):
    """An empty answer has no commas, and is still not an answer without commas."""
    assert not is_followed(text, Instruction(check=name, **given))


def test_an_unknown_check_is_refused_with_the_nearest_name():
    """A misspelt check is an error, and never a failed answer."""
    with pytest.raises(HarnessError, match=r"no check 'max_word'\. Did you mean 'max_words'"):
        is_followed("Hello", Instruction(check="max_word", n=3))


@pytest.mark.parametrize(("name", "given", "lacks"), [("max_words", {}, "n"), ("contains", {"text": "a"}, "words"), ("keyword_count", {"n": 1}, "text")])
def test_a_check_without_what_it_needs_is_refused(name, given, lacks):
    """A number or a word that is missing is told, whatever the answer."""
    with pytest.raises(HarnessError, match=f"'{name}' lacks '{lacks}'"):
        is_followed("", Instruction(check=name, **given))


def asked(*checks):
    expected = Follows(checks=checks) if checks else None
    return Task(capability="instruction_following", domain="d", difficulty="easy", turns=tuple(chat("Hi")), expected=expected)


def test_a_task_with_an_unknown_check_is_refused_by_its_id():
    """What can never be verified is told when the tasks are loaded; a task that expects nothing passes."""
    good = Instruction(check="no_commas")
    require_known_checks(asked(good))
    require_known_checks(asked())
    with pytest.raises(HarnessError, match=r"instruction_following-\w{12}: there is no check 'shouting'"):
        require_known_checks(asked(good, Instruction(check="shouting")))


def test_the_bank_asks_only_what_can_be_verified():
    """Every task of the project's own bank has checks, all of them known."""
    for task in load_tasks(BANK):
        require_known_checks(task)
        assert isinstance(task.expected, Follows) and task.expected.checks
