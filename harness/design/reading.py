"""Reads and checks `experiment.yaml`: every mistake is one line with file, line and mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from harness.design.naming import quote_name, wrong_name
from harness.design.paths import FILE_NAME
from harness.design.roles import read_pair
from harness.design.spec import ExperimentSpec, FromRole, ThresholdSpec
from harness.errors import HarnessError, explain_failure, nearest
from harness.package_data import PREFIX
from harness.records import ScaleName
from harness.verdict.rule import Rule
from harness.yamlfile import YamlFile, shorten_text

FILE = re.compile(r"\w[\w.-]*")  # in every script, but no separator and no leading dot
EXPECTED = "input should be "
WORDS = {"valid tuple": "list", "valid list": "list", "tuple should": "a list should", "valid dictionary": "mapping", "a valid string": "text"}
WORDS |= {"valid integer": "whole number", "valid number": "number", "a valid boolean": "true or false"}
SWITCHES = ("yes", "no", "on", "off", "y", "n")


def read_plain(folder: Path) -> dict[str, Any]:
    """The declaration in `folder` as JSON values, defaults included. Raises HarnessError with file and line at the first mistake."""
    file = YamlFile(folder / FILE_NAME)
    if not isinstance(file.data, dict):
        raise HarnessError("must be a mapping", where=file.where(), mend="Start with id:, title: and question:")
    try:
        spec = ExperimentSpec.model_validate(file.data)
    except ValidationError as error:
        raise convert_error(error, file) from None
    checks = (check_id, check_roles, check_axes, check_scale_parts, check_settings, check_sizes, check_units, check_simulations, check_bounds, check_hypotheses)
    for check in (*checks, check_primary, check_trajectories, check_allowed):
        check(spec, file)
    return spec.model_dump(mode="json")


def convert_error(error: ValidationError, file: YamlFile, model: type[BaseModel] = ExperimentSpec) -> HarnessError:
    """pydantic's first error as one line; an unknown key is answered with the nearest known one."""
    first, problem = problem_of(error)
    place, key = place_in(file.data, first["loc"]), (first["loc"] or ("",))[-1]
    if first["type"] == "extra_forbidden":
        return HarnessError(f"unknown key {key!r}", where=file.where(*place), mend=nearest(str(key), known_keys(model, place[:-1])))
    if first["type"] == "missing":
        return HarnessError(f"the key {key!r} is missing", where=file.where(*place), mend=f"Add {key}: here")
    mend = "Correct it" if first["type"] == "value_error" else f"Found {shorten_text(repr(first['input']))}; correct it"
    return HarnessError(f"{'.'.join(map(str, place)) or 'the file'}: {problem}", where=file.where(*place), mend=mend, code=code_of(first))


def code_of(error: Any) -> str:
    """The code of the rule that a validator refuses by; "" for any other mistake."""
    return str(getattr(error.get("ctx", {}).get("error"), "code", ""))


def problem_of(error: ValidationError) -> tuple[Any, str]:
    """(the error that says most, what is wrong in YAML's words). Of a value that may be of several types, pydantic has an error for each."""
    found = error.errors()
    first = min(found, key=weight)
    if first["type"] == "value_error":
        return first, str(first["ctx"]["error"])
    same = [other for other in found if weight(other) == weight(first) and other["loc"][: len(first["loc"][:-1])] == first["loc"][:-1]]
    said = dict.fromkeys(reword(other["msg"]).removeprefix(EXPECTED) for other in same if other["input"] is first["input"])
    return first, (EXPECTED if reword(first["msg"]).startswith(EXPECTED) else "") + " or ".join(said)


def weight(error: Any) -> int:
    """A misspelt key is also a missing one, and the misspelling says more; so does a bound that a value breaks, beside the types that it has not."""
    return 0 if error["type"] == "extra_forbidden" else 2 if error["type"].endswith(("_type", "literal_error")) else 1


def reword(message: str) -> str:
    message = re.sub(r" or instance of \w+", "", message).lower()
    for word, plain in WORDS.items():
        message = message.replace(word, plain)
    return message


def place_in(data: Any, location: Iterable[Any]) -> tuple[str | int, ...]:
    """The part of an error's location that stands in the file: pydantic adds the names of types it tried."""
    place: list[str | int] = []
    for part in location:
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            place.append(part)
            data = data[part]
    return tuple(place)


def known_keys(model: type[BaseModel], place: Iterable[Any]) -> list[str]:
    """The keys that may stand at `place` below `model`."""
    for part in place:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        inner = [arg for arg in (field.annotation, *all_args(field.annotation)) if isinstance(arg, type) and issubclass(arg, BaseModel)]
        model = inner[0] if inner else model
    return list(model.model_fields)


def all_args(annotation: Any) -> list[Any]:
    return [inner for arg in get_args(annotation) for inner in (arg, *all_args(arg))]


def check_id(spec: ExperimentSpec, file: YamlFile) -> None:
    if spec.id != file.path.parent.name:
        raise HarnessError(f"the id {spec.id!r} is not the folder's name", where=file.where("id"), mend=f"Write id: {file.path.parent.name}")


def check_roles(spec: ExperimentSpec, file: YamlFile) -> None:
    """A persona plays one role, unless `argued` says why it plays two; which pairs may be argued for, rule D103 checks."""
    played: dict[str, str] = {}
    for role, personas in spec.roles.items():
        for index, persona in enumerate(personas):
            where = file.where("roles", role, index)
            if persona in personas[:index]:
                raise HarnessError(f"{persona!r} stands twice in {role}", where=where, mend="Keep one of them", code="D103")
            if persona in played and persona not in spec.argued:
                mend = f"Give it one role, or argue for both under argued: {{{persona}: reason}}"
                raise HarnessError(f"{persona!r} is both {played[persona]} and {role}", where=where, mend=mend, code="D103")
            played[persona] = role
            if wrong_name(persona) or not FILE.fullmatch(persona.removeprefix(PREFIX)):
                mend = f"Use letters, digits, '.', '_' and '-', behind {PREFIX} for one that ships with harness"
                raise HarnessError(f"{quote_name(persona)} cannot name a persona's file", where=where, mend=mend)
    check_argued(spec, file, played)


def check_argued(spec: ExperimentSpec, file: YamlFile, played: Iterable[str]) -> None:
    """Reasons are for personas that play a role, and for pairs of the roles that they play."""
    for persona, reasons in spec.argued.items():
        if persona not in played:
            raise HarnessError(f"argued names {persona!r}, which plays no role", where=file.where("argued", persona), mend=nearest(persona, played))
        roles = [role for role, personas in spec.roles.items() if persona in personas]
        for pair in reasons if isinstance(reasons, dict) else ():
            if len(read_pair(pair)) != 2 or not read_pair(pair) <= set(roles):
                told = f"{pair!r} is no pair of the roles of {persona!r}, which are {', '.join(roles)}"
                raise HarnessError(told, where=file.where("argued", persona, pair), mend="Write the pair as: target & degenerate")


def check_axes(spec: ExperimentSpec, file: YamlFile) -> None:
    """Axes have distinct values and name known roles; a scale only changes axes that exist."""
    places = [((), spec.axes), *((("scales", name), scale.axes) for name, scale in spec.scales.items())]
    for prefix, axes in places:
        for name, values in axes.items():
            where = file.where(*prefix, "axes", name)
            if name not in spec.axes:
                raise HarnessError(f"unknown axis {name!r}", where=where, mend=nearest(name, spec.axes))
            if isinstance(values, FromRole):
                if values.role not in spec.roles:
                    raise HarnessError(f"unknown role {values.role!r}", where=where, mend=nearest(values.role, spec.roles))
            elif not values:
                raise HarnessError(f"axis {name!r} is empty", where=where, mend="Give it at least one value")
            else:
                check_values(name, values, [file.where(*prefix, "axes", name, index) for index in range(len(values))])


def check_values(axis: str, values: Sequence[Any], places: Sequence[str]) -> None:
    """The values of an axis name cells and files: each can, and no two are one name where a file system ignores case."""
    seen: dict[Any, Any] = {}
    for value, where in zip(values, places, strict=True):
        fault = wrong_name(str(value))
        if fault:
            raise HarnessError(
                f"axis {axis!r}: the value {quote_name(str(value))} {fault}", where=where, mend="Choose a short plain name; look the rest up by it"
            )
        keys = {"name": str(value).casefold(), "value": value}.items()  # 1, 1.0 and true are one value to Python, and so to a rule
        other = next((seen[key] for key in keys if key in seen), None)
        if other is not None:
            alike = "the same name where a file system ignores case" if str(other).casefold() == str(value).casefold() else "which Python takes for equal"
            same = "twice" if str(other) == str(value) else f"and {other!r}, {alike}"
            raise HarnessError(f"duplicate cell: axis {axis!r} holds {value!r} {same}", where=where, mend="Keep one of them")
        seen |= dict.fromkeys(keys, value)


def check_hypotheses(spec: ExperimentSpec, file: YamlFile) -> None:
    """Cells, rules and thresholds name things that exist, and a rule asks for no more than there is."""
    for name, hypothesis in spec.hypotheses.items():
        for axis in hypothesis.cells:
            if axis != "seed" and axis not in spec.axes:
                raise HarnessError(f"{name}: unknown axis {axis!r}", where=file.where("hypotheses", name, "cells"), mend=nearest(axis, [*spec.axes, "seed"]))
        check_rule(spec, file, name)
        check_threshold_axis(spec, file, name)
        for threshold in hypothesis.thresholds:
            if threshold not in spec.thresholds:
                where = file.where("hypotheses", name, "thresholds")
                raise HarnessError(f"{name}: unknown threshold {threshold!r}", where=where, mend=nearest(threshold, spec.thresholds))


def check_threshold_axis(spec: ExperimentSpec, file: YamlFile, name: str) -> None:
    """The axis that chooses thresholds is one of the cells', its values are thresholds, and a size that is named is a number at every scale."""
    hypothesis, axis = spec.hypotheses[name], spec.hypotheses[name].threshold_axis
    if axis and axis not in hypothesis.cells:
        raise HarnessError(
            f"{name}: threshold_axis {axis!r} is no axis of its cells", where=file.where("hypotheses", name), mend=nearest(axis, hypothesis.cells)
        )
    for scale in spec.scales if axis else ():
        for value in spec.axis(axis, scale):
            if str(value) not in spec.thresholds:
                raise HarnessError(f"{name}: no threshold for {axis} {value!r}", where=file.where("thresholds"), mend=nearest(str(value), spec.thresholds))


def check_settings(spec: ExperimentSpec, file: YamlFile) -> None:
    """Every scale declares the same settings, and none of them is a word that could be meant as true or false."""
    names = {name: scale for scale, part in spec.scales.items() for name in part.settings}
    for scale, part in spec.scales.items():
        for name, other in names.items():
            if name not in part.settings:
                own = [mine for mine in part.settings if mine not in spec.scales[other].settings]
                mend = nearest(name, own) if get_close_matches(name, own) else f"Add it there, or take it out of {other}"
                raise HarnessError(f"{scale} lacks the setting {name!r}, which {other} has", where=file.where("scales", scale, "settings"), mend=mend)
        for name in part.settings:
            written = file.written.get(("scales", scale, "settings", name), "")
            if written.lower() in SWITCHES:
                where = file.where("scales", scale, "settings", name)
                raise HarnessError(f"{name}: {written} is text, not true or false", where=where, mend=f'Write true or false, or quote it: "{written}"')


def check_sizes(spec: ExperimentSpec, file: YamlFile) -> None:
    """What a threshold takes from a setting is a number at every scale; its n is a positive whole one."""
    for scale in spec.scales:
        settings = spec.scales[scale].settings
        for label, threshold in spec.at(scale).thresholds.items():
            own = spec.scales[scale].thresholds.get(label, {})
            sizes = [(("n",), threshold.n), *((("simulation", key), value) for key, value in threshold.simulation.items())]
            for path, name in sizes:
                if not isinstance(name, str):
                    continue
                key = path[-1]
                where = file.where("scales", scale, "thresholds", label, *path) if path[0] in own else file.where("thresholds", label, *path)
                if name not in settings:
                    raise HarnessError(f"{label} takes its {key} from {name!r}, which is no setting of {scale}", where=where, mend=nearest(name, settings))
                value, kinds = settings[name], int if key == "n" else int | float
                if isinstance(value, bool) or not isinstance(value, kinds) or value < (1 if key == "n" else 0):
                    where = file.where("scales", scale, "settings", name)
                    told = f"{label} takes its {key} from {name}, which is {value!r}"
                    wanted = "whole number of at least 1" if key == "n" else "number of at least 0"
                    raise HarnessError(told, where=where, mend=f"Write a {wanted} there")


def check_units(spec: ExperimentSpec, file: YamlFile) -> None:
    """The unit of a threshold is one that harness or an installed domain knows."""
    from harness.extensions import unit_named, unit_names

    for scale in spec.scales:
        for label, threshold in spec.at(scale).thresholds.items():
            if unit_named(threshold.unit) is None:
                own = "unit" in spec.scales[scale].thresholds.get(label, {})
                where = file.where("scales", scale, "thresholds", label, "unit") if own else file.where("thresholds", label, "unit")
                raise HarnessError(f"{label}: unknown unit {threshold.unit!r}", where=where, mend=nearest(threshold.unit, unit_names()))


def check_simulations(spec: ExperimentSpec, file: YamlFile) -> None:
    """What a threshold declares for its simulation is what the domain of its unit asks for."""
    for label, threshold in spec.thresholds.items():
        if not threshold.simulation:
            continue
        from harness.design.unit_power import number_of
        from harness.extensions import simulations

        where, found = file.where("thresholds", label, "simulation"), simulations().get(threshold.unit)
        if found is None:
            mend = f"Units that are simulated by a domain: {', '.join(sorted(simulations())) or 'none'}"
            raise HarnessError(f"no installed domain simulates thresholds in {threshold.unit}", where=where, mend=mend)
        for key in threshold.simulation:
            if key not in found.needs:
                where = file.where("thresholds", label, "simulation", key)
                raise HarnessError(f"the simulation of {label} does not take {key!r}", where=where, mend=nearest(key, found.needs))
        for scale in spec.scales:
            bar = spec.at(scale).thresholds[label]
            numbers = {key: number_of(spec, value, scale) for key, value in bar.simulation.items()}
            with explain_failure("its refuse() fails", f"simulation of thresholds in {bar.unit}"):
                problem = found.refuse({key: value for key, value in numbers.items() if value is not None})
            if problem:
                raise HarnessError(f"the simulation of {label} at {scale}: {problem}", where=where, mend="Correct the number")


def check_scale_parts(spec: ExperimentSpec, file: YamlFile) -> None:
    """What a scale replaces exists, and what it becomes is sound."""
    for scale, part in spec.scales.items():
        for key, names, known in (("rules", part.rules, spec.hypotheses), ("thresholds", part.thresholds, spec.thresholds)):
            for name in names:
                if name not in known:
                    kind = {"rules": "hypothesis", "thresholds": "threshold"}[key]
                    raise HarnessError(f"unknown {kind} {name!r}", where=file.where("scales", scale, key, name), mend=nearest(name, known))
        for name, fields in part.thresholds.items():
            try:
                ThresholdSpec.model_validate(spec.thresholds[name].model_dump() | fields)
            except ValidationError as error:
                first, problem = problem_of(error)
                place = place_in(fields, first["loc"])
                where = file.where("scales", scale, "thresholds", name, *place)
                raise HarnessError(f"{'.'.join(map(str, place)) or name}: {problem}", where=where, mend=f"Correct {name} there", code=code_of(first)) from None


def check_bounds(spec: ExperimentSpec, file: YamlFile) -> None:
    """A threshold that expects a baseline says between which bounds the measure can see a difference, at every scale."""
    for scale in (None, *spec.scales):
        for name, bar in (spec.at(scale) if scale else spec).thresholds.items():
            lacking = [side for side in ("floor", "ceiling") if getattr(bar, side) is None]
            if bar.expected_baseline is not None and lacking and not bar.unbounded:
                prefix = ("scales", scale) if scale and name in spec.scales[scale].thresholds else ()
                told = f"the threshold {name} expects a baseline and has no {' and no '.join(lacking)}"
                mend = "Declare both, such as floor: 0.02, ceiling: 0.98, or argue (floor: none, because …)"
                raise HarnessError(told, where=file.where(*prefix, "thresholds", name), mend=mend, code="M304")


def check_rule(spec: ExperimentSpec, file: YamlFile, name: str) -> None:
    """The rule of every scale counts over axes of the cells, and asks for no more than there is."""
    for scale in spec.scales:
        own = name in spec.scales[scale].rules
        where = file.where("scales", scale, "rules", name) if own else file.where("hypotheses", name, "rule")
        check_rule_at(spec, scale, spec.scales[scale].rules.get(name, spec.hypotheses[name].rule), name, where)


def check_rule_at(spec: ExperimentSpec, scale: ScaleName, rule: Rule | None, name: str, where: str) -> None:
    hypothesis = spec.hypotheses[name]
    axes = rule.axes() if rule is not None else ()
    for axis in axes:
        if axis not in hypothesis.cells:
            raise HarnessError(f"{name}: the rule counts over {axis!r}, which is no axis of its cells", where=where, mend=nearest(axis, hypothesis.cells))
    if len(set(axes)) < len(axes):
        raise HarnessError(f"{name}: the rule counts over one axis twice", where=where, mend="Name each axis once")
    while rule is not None:
        size = len(spec.scales[scale].seeds if rule.of == "seed" else spec.axis(rule.of, scale))
        if rule.at_least != "all" and rule.at_least > size:
            mend = f"Ask for {size} or fewer, give the axis more values, or give this scale a rule of its own (scales: {scale}: rules:)"
            raise HarnessError(f"{name}: at least {rule.at_least} of {rule.of} can never hold at scale {scale}: it has {size}", where=where, mend=mend)
        rule = rule.each


def check_primary(spec: ExperimentSpec, file: YamlFile) -> None:
    if spec.primary not in spec.hypotheses:
        raise HarnessError(f"the primary endpoint {spec.primary!r} is no hypothesis", where=file.where("primary"), mend=nearest(spec.primary, spec.hypotheses))


def check_trajectories(spec: ExperimentSpec, file: YamlFile) -> None:
    """A figure is laid out by axes that exist; the test it is of is checked where the tests are known."""
    for name, trajectory in spec.trajectories.items():
        for key, axis in trajectory.axes.items():
            if axis != "seed" and axis not in spec.axes:
                where = file.where("trajectories", name, key)
                raise HarnessError(f"{name}: unknown axis {axis!r}", where=where, mend=nearest(axis, [*spec.axes, "seed"]))


def check_allowed(spec: ExperimentSpec, file: YamlFile) -> None:
    """What is allowed is allowed at scales that exist. Which codes exist is known where rules run."""
    for code, entries in spec.allow.items():
        for scale in (scale for entry in entries for scale in entry.scales):
            if scale not in spec.scales:
                raise HarnessError(
                    f"allow: {code} is for the scale {scale!r}, which is not declared", where=file.where("allow", code), mend=nearest(scale, spec.scales)
                )
