"""Personas as YAML data: a system prompt, paraphrases of it, the roles it may play, and what a researcher should know of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harness.errors import HarnessError
from harness.package_data import resolve_named, shipped_too
from harness.yamlfile import YamlFile


class NoPrompt(ValueError):
    code = "D105"  # read as none, it is the condition without a system prompt


class Persona(BaseModel):
    """One persona; `id` equals the file's name, `roles` are those it is fit for, `note` says why it is in the set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    prompt: str
    paraphrases: tuple[str, ...] = ()
    roles: tuple[str, ...] = Field(min_length=1)
    note: str = Field(min_length=1)

    @field_validator("prompt", "paraphrases")
    @classmethod
    def holds_text(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not all(text.strip() for text in ([value] if isinstance(value, str) else value)):
            raise NoPrompt("an empty prompt is no persona's; a condition without a system prompt needs no persona")
        return value


def find_persona(root: Path, name: str) -> Persona:
    """A persona of the project, or `package:NAME` for one that ships with harness. Raises HarnessError as `load_persona` does."""
    folder, plain = resolve_named(root, "personas", name)
    return load_persona(folder, plain)


def load_persona(folder: Path, name: str) -> Persona:
    """The persona `name` of `folder`. Raises HarnessError where the file is missing or does not validate."""
    path = folder / f"{name}.yaml"
    if Path(name).name != name or not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "none"
        mend = f"Write {path.name}, or use one of: {known}{shipped_too(f'personas/{name}.yaml')}"
        raise HarnessError(f"there is no persona {name!r}", where=str(folder), mend=mend, code="D119")
    file = YamlFile(path)
    try:
        persona = Persona.model_validate(file.data)
    except ValidationError as error:
        from harness.design.reading import convert_error

        raise convert_error(error, file, Persona) from None
    if persona.id != name:
        raise HarnessError(f"the id {persona.id!r} is not the file's name", where=file.where("id"), mend=f"Write id: {name}")
    return persona
