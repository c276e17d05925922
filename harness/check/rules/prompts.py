"""Rules about system prompts: what a model really reads of each condition."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from harness.check.rules.roles import normal_text
from harness.design.roles import kind_of
from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import Finding, Place

COMPARED = ("target", "source", "bystander", "canary", "negative_control")
# Roles that a design has where something is learned of the contrast between personas.
CONTRASTED = {"bystander", "canary", "negative_control"}
# Lengths that differ by less than this are as good as equal: tokens, and a share of the longer.
TOKENS, SHARE = 2, 0.1
LENGTH = re.compile(r"\b(length|lengths|long|longer|short|shorter|tokens)\b", re.IGNORECASE)
PROMPT = re.compile(r"(\w+_)?(prompt|system)")


@rule(
    "D104",
    "conditions render alike",
    needs=("spec", "yaml", "personas", "rendered_prompts"),
    source="D3: two conditions were one text once the template had rendered them",
)
def find_alike_conditions(facts: Facts) -> Iterable[Finding]:
    """Two conditions that a model reads as one text are one condition: what differs between them is noise. Compares the tokens of a conversation under each
    prompt of a persona with a role, its paraphrases among them, as the template of the scale's model writes it; a template that drops the system
    prompt makes all conditions one. It does not see prompts that a test writes by itself.

    Bad: a paraphrase for a control that is the prompt itself; a model whose template has no place for a system prompt.

    Good: every prompt and every paraphrase has words of its own.
    """
    first: dict[object, str] = {}
    for one in facts.rendered_prompts:
        if one.code == "D104":
            yield found(f"{one.name}: {one.refusal}, so that all conditions are one", where=role_place(facts, one.persona), fix=TEMPLATE, subject=one.persona)
            return
        other = first.setdefault(one.ids, one.name) if one.ids else one.name
        if other != one.name:
            fix = "Give one of them other words, or leave it out"
            yield found(f"{one.name} and {other} render to the same {len(one.ids)} tokens", where=role_place(facts, one.persona), fix=fix, subject=one.persona)
    yield from find_alike_paraphrases(facts)


TEMPLATE = "Use a model whose template writes the turns as they are given"


def find_alike_paraphrases(facts: Facts) -> Iterator[Finding]:
    """Paraphrases that differ from the prompt in case, spaces and punctuation alone."""
    for name, persona in facts.personas.items():
        texts = [persona.prompt, *persona.paraphrases]
        for one, other in combinations(range(len(texts)), 2):
            if texts[one] != texts[other] and normal_text(texts[one]) == normal_text(texts[other]):
                message = f"paraphrase {other} of {name} has the words of {f'paraphrase {one}' if one else 'the prompt'}"
                yield found(message, where=role_place(facts, name), fix="Write it in other words", subject=name)


def role_place(facts: Facts, persona: str) -> Place:
    """Where the declaration gives a persona its role."""
    role = next(role for role, names in facts.spec.roles.items() if persona in names)
    return facts.place("roles", role, facts.spec.roles[role].index(persona))


@rule(
    "D105",
    "undeclared system prompt",
    needs=("spec", "yaml", "imported_sources", "template_prompt", "rendered_prompts"),
    source="D3: the chat template slipped in a default system prompt; D4: `if persona_prompt:` took an empty prompt for none",
)
def find_undeclared_prompts(facts: Facts) -> Iterable[Finding]:
    """Many chat templates add a system prompt of their own where none is given ("You are a helpful AI assistant named SmolLM"), so that the condition without a
    prompt measures somebody else's. `harness.models.render` takes it out. Reads what the template of the scale's model adds, and the project's code: a
    call of `apply_chat_template`, a system turn with a literal text, a text that is added to the prompt that `evaluate` gets, and a prompt that is tested
    for truth, since "" and None are two conditions. A prompt that a test spells out as a whole, under a name of its own, is seen by reader and lock.

    Bad: `tokenizer.apply_chat_template([{"role": "user", "content": question}])`, `if prompt: messages.insert(0, system_turn(prompt))`.

    Good: `render_question(tokenizer, question, prompt)`, `if prompt is not None:`.
    """
    for one in facts.rendered_prompts:
        if one.code == "D105":
            yield found(f"{one.name} is not read as declared: {one.refusal}", where=role_place(facts, one.persona), fix=TEMPLATE, subject=one.persona)
            break
    adds = facts.template_prompt is None or bool(facts.template_prompt)
    for path, tree in facts.imported_sources.items():
        for node in ast.walk(tree):
            for message, fix in undeclared_in(node, adds):
                yield found(message, where=facts.code_place(path, node.lineno), fix=fix)  # type: ignore[attr-defined]


def undeclared_in(node: ast.AST, adds: bool) -> Iterator[tuple[str, str]]:
    """(what is wrong, the fix) of a piece of code; `adds` is whether templates may add a prompt."""
    if adds and isinstance(node, ast.Call) and name_of(node.func) == "apply_chat_template":
        yield "apply_chat_template adds the template's own system prompt where none is given", "Use harness.models.render, which takes it out"
    if is_system_turn(node) or adds_text(evaluated_prompt(node)) or replaces_prompt(node):
        yield "a system turn holds a text that is not declared", "Write the text into a persona and give it a role"
    if (name := tested_prompt(node)) is not None:
        yield f"{name} is tested for truth, so that an empty prompt is taken for none", f"Write {name} is None, or is not None"


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_system_turn(node: ast.AST) -> bool:
    """A message with the role "system" and a literal text, as a mapping or as a call."""
    if isinstance(node, ast.Dict):
        parts = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)}
    elif isinstance(node, ast.Call):
        parts = {keyword.arg: keyword.value for keyword in node.keywords}
    else:
        return False
    role, content = parts.get("role"), parts.get("content")
    return isinstance(role, ast.Constant) and role.value == "system" and isinstance(content, ast.Constant) and bool(content.value)


def evaluated_prompt(node: ast.AST) -> ast.expr | None:
    """The system prompt that a call of `evaluate` gives."""
    if not isinstance(node, ast.Call) or name_of(node.func) != "evaluate":
        return None
    named = {one.arg: one.value for one in node.keywords}
    return node.args[2] if len(node.args) > 2 else named.get("system")


def replaces_prompt(node: ast.AST) -> bool:
    """Whether `evaluate` gets a prompt that is spelled out, for what is named by the value of an axis: the persona of that name has another."""
    prompt = evaluated_prompt(node)
    written = isinstance(prompt, ast.Constant) and isinstance(prompt.value, str) and bool(prompt.value.strip())
    return written and isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.args[1], ast.Name)


def adds_text(node: ast.expr | None) -> bool:
    """Whether a prompt is another one with a text added to it."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right] if isinstance(node, ast.BinOp) else []
    written = [isinstance(part, ast.Constant) for part in parts]
    return any(written) and not all(written)


def tested_prompt(node: ast.AST) -> str | None:
    """The name of a prompt whose truth decides: `if prompt`, `not prompt`, `prompt or default`, `prompt and text`."""
    tested: list[ast.expr] = []
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        tested = [node.test]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        tested = [node.operand]
    elif isinstance(node, ast.BoolOp):
        tested = node.values[:-1]
    names = [name_of(one) for one in tested]
    return next((name for name in names if PROMPT.fullmatch(name)), None)


@rule(
    "D118",
    "prompt lengths tell roles apart",
    needs=("spec", "yaml", "rendered_prompts"),
    severity="warning",
    source="D14: the target's prompt had 12 tokens, negatives 19 and 25, sources 32 to 45, the canary 38",
)
def find_separable_lengths(facts: Facts) -> Iterable[Finding]:
    """Where prompts of one role are all longer than those of another, whatever is learned or measured of the persona may be learned or measured of the length.
    Compares the tokens of prompts between roles: they are told apart where no persona of one is as long as one of the other, within 2 tokens or a tenth.
    Where a design has sources and a target alone, it is enough that `confounded` names the length.

    Bad: a target of 12 tokens, bystanders of 19 and 25, sources of 32 to 45.

    Good: prompts of all personas have 39 or 40 tokens.
    """
    lengths = {one.name: one.tokens for one in facts.rendered_prompts if one.name == one.persona and one.tokens}
    roles = {role: [lengths[name] for name in names if name in lengths] for role, names in facts.spec.roles.items() if kind_of(role) in COMPARED}
    if not {kind_of(role) for role in roles} & CONTRASTED and any(LENGTH.search(text) for text in facts.spec.confounded):
        return
    rho = length_rho(roles)
    for one, other in combinations([role for role, counts in roles.items() if counts], 2):
        gap = min(abs(first - second) for first in roles[one] for second in roles[other])
        if gap > max(TOKENS, SHARE * max(*roles[one], *roles[other])):
            message = f"{one} ({counted(roles[one])} tokens) and {other} ({counted(roles[other])}) are told apart by the length of the prompt alone{rho}"
            fix = "Write prompts of equal length, or declare the lengths and what is measured of them"
            yield found(message, where=facts.place("roles", one), fix=fix, subject=one)


def counted(counts: list[int]) -> str:
    return f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(counts[0])


def length_rho(roles: dict[str, list[int]]) -> str:
    """Spearman's rho of length and being a source, as a clause of a message; "" where it has no meaning."""
    pairs = [(count, kind_of(role) == "source") for role, counts in roles.items() for count in counts]
    if len({count for count, _ in pairs}) < 2 or len({source for _, source in pairs}) < 2:
        return ""
    from scipy.stats import spearmanr

    return f" (rho of length and being a source {format_number(spearmanr(*zip(*pairs, strict=True)).statistic, '+.2f')})"
