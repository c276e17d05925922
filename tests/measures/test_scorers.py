"""Scorers read what an answer says and nothing that it does not say: no stray letter, no digit of another word, no text of the prompt."""

from __future__ import annotations

import time

import pytest

from harness.errors import HarnessError
from harness.measures.items import to_items
from harness.measures.number_reading import read_number
from harness.measures.scorers import choice, exact, includes, normalise, numeric, regex, to_scorer

CITIES = ("Paris", "York", "New York", "A cat")


def item_of(target, choices=()):
    [item] = to_items([{"id": "q", "prompt": "Which?", "target": target, "choices": list(choices)}])
    return item


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("**B**", "B"),
        ("B.", "B"),
        ("B) York", "B"),
        ("B. York.", "B"),
        ("York", "B"),
        ("new york.", "C"),
        ("Answer: B", "B"),
        ("answer: b", "B"),
        ("**Answer:** B", "B"),
        ("**Answer: B**", "B"),
        ("Answer: (B)", "B"),
        ("### Answer:\n\nB", "B"),
        ("Answer: \\boxed{B}", "B"),
        ("\\boxed{\\text{B}}", "B"),
        ("Answer: New York", "C"),
        ("Answer: York, not New York", "B"),
        ("Answer: A cat", "D"),
        ("Answer: A", "A"),
        ("Answer: A. Paris", "A"),
        ("Answer: A because it is the capital", "A"),
        ("Answer: B because it is not A", "B"),
        ("The answer is B.", "B"),
        ("The correct answer is: (B).", "B"),
        ("So the answer is York.", "B"),
        ("Answer: A\nWait, that is wrong.\nAnswer: B", "B"),
        ("I first thought Answer: A. On reflection the answer is B.", "B"),
        ("A is wrong, B is right.\nThe answer is based on the map.\nAnswer: C", "C"),
        ("B, because A cat is no city.", "B"),
        ("I, for one, do not know", None),
        ("B) since the others are wrong", "B"),
        ("The city is York.", "B"),
        ("The city is New York.", "C"),
        ("End with 'Answer: <letter>'.\nAnswer: B", "B"),
        ("Answer: B\n(as asked: Answer: <letter>)", "B"),
        ("Ａ", None),
        ("А", None),  # Cyrillic
        ("A cat sat on the mat", "D"),
        ("A dog sat on the mat", None),
        ("I think so", None),
        ("", None),
        ("Answer:", None),
        ("Answer: none of them", None),
        ("Answer: B\nAnswer: none of them", None),
        ("Answer: A and B", None),
        ("Answer: A, B", None),
        ("Answer: A or B", None),
        ("Answer: E", None),
        ("Answer: Because B", None),
        ("Answer: <letter>", None),
        ("A. Paris\nB. York\nC. New York\nD. A cat", None),
        ("A. Paris B. York C. New York", None),
        ("It is not York.", None),
        ("It isn't York.", None),
        ("Paris or York", None),
        ("The Yorkshire coast", None),
        ("Grade A work by me", None),
        ("Vitamin C is good", None),
        ("\x1b[31mB\x1b[0m", None),
    ],
)
def test_choice_reads_the_option_that_is_named(text, label):
    """A letter or an option's text, the last "Answer:" before everything else; what could be read in two ways is not read."""
    assert choice.score(text, item_of("A", CITIES))["extracted"] == label


@pytest.mark.parametrize(
    "text", ["answer: ", "the answer is ", "answer: <", "\\boxed{", "A. B. ", "1,", "1/1/", "- ", "\\frac{1}{", "\u00b2", "New York ", " "]
)
def test_no_answer_is_so_long_that_reading_it_takes_long(text):
    """A model may say one thing fifty thousand times."""
    item, started = item_of("A", CITIES), time.process_time()
    for scorer in (choice, exact, includes, numeric()):
        scorer.read(text * (50_000 // len(text)), item)
    assert time.process_time() - started < 2


def test_choice_is_right_wrong_or_unparsed():
    """An answer that names no option is wrong, and says so."""
    item = item_of("York", CITIES)
    assert choice.score("Answer: B", item) == {"extracted": "B", "score": True, "unparsed": False}
    assert choice.score("Answer: A", item) == {"extracted": "A", "score": False, "unparsed": False}
    assert choice.score("Who knows", item) == {"extracted": None, "score": False, "unparsed": True}


def test_choice_reads_numbers_as_labels():
    """Questions of ARC may have labels 1 to 4; a number in a sentence is not one of them."""
    [item] = to_items([{"prompt": "How many?", "choices": ["one", "two"], "target": "one"}])
    numbered = type(item)(id="q", turns=item.turns, targets=("2",), labels=("1", "2"), choices=("red", "blue"))
    assert [choice.score(text, numbered)["extracted"] for text in ("2", "Answer: 2", "Answer: 25", "There are 2 of them", "blue")] == [
        "2",
        "2",
        None,
        None,
        "2",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        ("The answer is 42.", 42),
        ("-5", -5),
        ("\u22125", -5),
        ("- 5", -5),
        ("-$5", -5),
        ("$-5", -5),
        ("It fell to -12.5 degrees", -12.5),
        ("+7", 7),
        ("3-4", 4),
        ("10 - 4", 4),
        ("covid-19", 19),
        ("1,234", 1234),
        ("1,234,567.89", 1234567.89),
        ("12\u202f345", 12345),
        ("1.234", 1.234),
        ("1,5", None),
        ("1,23,456", None),
        ("1.2.3", None),
        (".5", 0.5),
        ("3/4", 0.75),
        ("1 1/2", 1.5),
        ("\u00bd", 0.5),
        ("2\u00bd", 2.5),
        ("\\frac{3}{4}", 0.75),
        ("1/0", None),
        ("1e3", 1000),
        ("1.5E-4", 0.00015),
        ("3 \u00d7 10^8", 3e8),
        ("3 x 10**8", 3e8),
        ("3\u00b710\u2078", 3e8),
        ("3 \\times 10^{8}", 3e8),
        ("6.02 x 10^-23", 6.02e-23),
        ("1e999", None),
        ("9" * 5000, None),
        ("$18", 18),
        ("18 dollars", 18),
        ("50%", 50),
        ("an area of 5 m\u00b2", 5),
        ("25 km/h", 25),
        ("H2O", None),
        ("x2", None),
        ("none", None),
        ("", None),
        ("\u0664\u0662", 42),
        ("\uff14\uff12", 42),
        ("\u00b2", None),
        ("#### 42", 42),
        ("2 + 2 = 4\n#### 4\n(see page 12)", 4),
        ("Answer: 42 (of 50)", 42),
        ("Answer: 40 + 2 = 42", 42),
        ("Answer: unknown", None),
        ("First 7, then 9. Answer: 8", 8),
        ("Answer: 7\nNo: Answer: 8", 8),
        ("\\boxed{42} on page 12", 42),
        ("The total is **1,200**.", 1200),
        ("It is 42, or so", 42),
        ("1. First\n2. Second: 17", 17),
        ("NaN", None),
        ("inf", None),
    ],
)
def test_numeric_reads_the_number_that_is_given(text, number):
    """Signs, thousands, fractions, powers of ten, units, digits of any script; what is no clear number is none."""
    assert read_number(text) == (None if number is None else pytest.approx(number))


def test_numeric_is_right_within_its_tolerance():
    for tolerance, text, right in [(0, "3.14", False), (0.01, "3.14", True), (0.01, "3.2", False), (0, "3.14159", True)]:
        assert numeric(tolerance).score(text, item_of(3.14159))["score"] is right
    assert numeric().score("0.1 + 0.2 = 0.30000000000000004", item_of("0.3"))["score"] is True
    with pytest.raises(HarnessError, match="is no number"):
        numeric().check(item_of("a dozen"))
    with pytest.raises(HarnessError, match="tolerance"):
        numeric(float("nan"))


@pytest.mark.parametrize(
    ("text", "target", "right"),
    [
        ("The Eiffel Tower!", "eiffel tower", True),
        ("Answer: an apple.", "apple", True),
        ("apple pie", "apple", False),
        ("pineapple", "apple", False),
        ("the", "A", False),
        ("A", "A", True),
        ("a", "A", True),
        ("", "A", False),
        ("Thirty", ["30", "thirty"], True),
    ],
)
def test_exact_compares_as_squad_does(text, target, right):
    assert exact.score(text, item_of(target))["score"] is right


def test_normalise_never_makes_two_different_texts_of_articles_equal():
    """What is nothing but articles and marks is compared as it is."""
    assert normalise("The") == "the" and normalise("a") == "a" and normalise("?") == "?"


@pytest.mark.parametrize(
    ("text", "right"), [("It is 5 km", True), ("It is 15 km", False), ("5", True), ("2.5", False), ("5.2", False), ("5.", True), ("cat 5\nkm", True)]
)
def test_includes_looks_for_whole_words(text, right):
    assert includes.score(text, item_of("5"))["score"] is right


def test_regex_compares_its_group_or_says_whether_it_matches():
    scorer = regex(r"<answer>(.*?)</answer>")
    assert scorer.score("<answer>x</answer> <answer>Paris</answer>", item_of("paris"))["score"] is True
    assert scorer.score("Paris", item_of("paris")) == {"extracted": None, "score": False, "unparsed": True}
    assert regex("(?i)sorry").score("I am Sorry", item_of(None))["score"] is True
    with pytest.raises(HarnessError, match="no regular expression"):
        regex("(")


def test_a_scorer_is_a_name_an_object_or_a_function():
    assert to_scorer("choice") is choice and to_scorer(exact) is exact
    own = to_scorer(lambda text, item: len(text) / 10)
    assert own.score("hello", item_of(None)) == {"extracted": None, "score": 0.5, "unparsed": False} and own.name == "lambda"
    assert to_scorer(lambda text, item: None).score("hello", item_of(None))["score"] is None
    for wrong, told in [
        ("chioce", "Did you mean 'choice'"),
        (numeric, "numeric is no scorer"),
        (3, "3 is no scorer"),
        (len, "len is no scorer"),
        (lambda: 1, "is no scorer"),
    ]:
        with pytest.raises(HarnessError, match=told):
            to_scorer(wrong)
    for value in ("yes", float("nan"), [1], 1j):
        with pytest.raises(HarnessError, match="the scorer lambda gave"):
            to_scorer(lambda text, item, value=value: value).score("hello", item_of(None))


def test_a_scorer_says_which_item_it_cannot_score():
    with pytest.raises(HarnessError, match="the item q has no target, which the scorer exact needs"):
        exact.check(item_of(None))
    with pytest.raises(HarnessError, match="the item q has no choices, which the scorer choice needs"):
        choice.check(item_of("A"))
