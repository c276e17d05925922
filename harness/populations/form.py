"""The form of every part of a simulation: frozen, checked on making, told in one line where it is impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from harness.errors import HarnessError, nearest

T = TypeVar("T")


class Form(BaseModel):
    """Base of every declared part: keyword-only, frozen, no unknown keys, finite numbers alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=False)

    @model_validator(mode="before")
    @classmethod
    def _neither_yes_nor_no(cls, given: Any) -> Any:
        for name, value in given.items() if isinstance(given, Mapping) else ():
            field = cls.model_fields.get(name)
            if isinstance(value, bool) and field is not None and field.annotation is not bool:  # YAML's yes would be read as 1
                raise ValueError(f"{name} is {value}, but it is not a matter of yes or no. Give a number, or leave it out")
        return given


def formed(kind: type[T] | Any, value: Mapping[str, Any], where: str = "simulation") -> T:
    """`value` as a `kind`. Raises HarnessError in one line: the place, what is wrong, the mend."""
    try:
        found: T = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise HarnessError(*_told(kind, error, where)) from None
    return found


def _told(kind: Any, error: ValidationError, where: str) -> tuple[str]:
    errors = error.errors(include_url=False, include_context=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])  # a misspelt name explains why another is missing
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return (f"{where}: unknown parameter {place!r}. {nearest(str(first['loc'][-1]), sorted(_known(kind, first['loc'][:-1])))}",)
    if first["type"] == "union_tag_not_found":
        return (f"{where}: {place}: say which kind it is. Known: {', '.join(_kinds(_field(kind, first['loc'])))}",)
    message = first["msg"].removeprefix("Value error, ")
    shown = "" if not place or first["type"] in ("missing", "value_error") else f" (found {' '.join(str(first['input']).split())[:60]})"
    return (f"{where}: {place + ': ' if place else ''}{message}{shown}",)


def _forms(kind: Any) -> list[Any]:
    """All forms that an annotation names, however deep."""
    if isinstance(kind, type) and issubclass(kind, Form):
        return [kind]
    return [form for part in get_args(kind) for form in _forms(part)]


def _field(kind: Any, path: Sequence[int | str]) -> list[Any]:
    """The forms that may stand at a path; a part of it is a field's name, a place in a list, or the kind of a form."""
    forms = _forms(kind)
    for part in path:
        fields = [form.model_fields[part] for form in forms if part in form.model_fields]
        chosen = [form for form in forms if "kind" in form.model_fields and form.model_fields["kind"].default == part]
        forms = chosen or [form for field in fields for form in _forms(field.annotation)] or forms
    return forms


def _known(kind: Any, path: Sequence[int | str]) -> set[str]:
    return {name for form in _field(kind, path) for name in form.model_fields}


def _kinds(forms: Sequence[Any]) -> list[str]:
    return [str(form.model_fields["kind"].default) for form in forms]
