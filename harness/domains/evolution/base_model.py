"""The base of every part of a configuration: frozen, checked when it is made, with one line for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from harness.errors import HarnessError, nearest

T = TypeVar("T")


class Config(BaseModel):
    """Base of every declared part: keyword-only, frozen, no unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_truth_values(cls, given: Any) -> Any:
        for name, value in given.items() if isinstance(given, Mapping) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field is not None and field.annotation is not bool:  # YAML's yes would be read as 1
                raise ValueError(f"{name} is {value}, but it is not a switch. Give a number, or leave it out")
        return given


def parse_config(kind: type[T] | Any, value: Mapping[str, Any], where: str = "simulation") -> T:
    """`value` as a `kind`. Raises HarnessError in one line: where, what is wrong, how to fix it."""
    try:
        found: T = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise HarnessError(*_describe_error(kind, error, where)) from None
    return found


def _describe_error(kind: Any, error: ValidationError, where: str) -> tuple[str]:
    errors = error.errors(include_url=False, include_context=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])  # a misspelt name explains why another is missing
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return (f"{where}: unknown parameter {place!r}. {nearest(str(first['loc'][-1]), sorted(_known_names(kind, first['loc'][:-1])))}",)
    if first["type"] == "union_tag_not_found":
        return (f"{where}: {place}: say which kind it is. Known: {', '.join(_kind_names(_configs_at(kind, first['loc'])))}",)
    message = first["msg"].removeprefix("Value error, ")
    shown = "" if not place or first["type"] in ("missing", "value_error") else f" (found {' '.join(str(first['input']).split())[:60]})"
    return (f"{where}: {place + ': ' if place else ''}{message}{shown}",)


def _configs_in(kind: Any) -> list[Any]:
    """All configurations that an annotation names, however deep."""
    if isinstance(kind, type) and issubclass(kind, Config):
        return [kind]
    return [form for part in get_args(kind) for form in _configs_in(part)]


def _configs_at(kind: Any, path: Sequence[int | str]) -> list[Any]:
    """The configurations allowed at a path, whose parts are names of fields, indices of lists and kinds."""
    forms = _configs_in(kind)
    for part in path:
        fields = [form.model_fields[part] for form in forms if part in form.model_fields]
        chosen = [form for form in forms if "kind" in form.model_fields and form.model_fields["kind"].default == part]
        forms = chosen or [form for field in fields for form in _configs_in(field.annotation)] or forms
    return forms


def _known_names(kind: Any, path: Sequence[int | str]) -> set[str]:
    return {name for form in _configs_at(kind, path) for name in form.model_fields}


def _kind_names(forms: Sequence[Any]) -> list[str]:
    return [str(form.model_fields["kind"].default) for form in forms]
