"""What installed packages add by entry points: domains (`harness.domains`), responders (`harness.responders`) and checks (`harness.checks`). Loaded on first
use. The name `harness.engines` is kept for what comes next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError, explain_failure, nearest
from harness.findings import Fact, Rule, join_rules
from harness.protocols import BehaviourDeclaration, Check, Domain, Section, Simulation
from harness.records import SectionRecord
from harness.units import RESERVED_UNITS, UNITS, Unit

if TYPE_CHECKING:
    from harness.behaviours.behaviour import Behaviour

GROUP, RESPONDERS, CHECKS = "harness.domains", "harness.responders", "harness.checks"
# Codes of this package have one letter, those of others two.
CODE = re.compile(r"[A-Z]{1,2}[0-9]{3}")


@cache
def domains() -> dict[str, Domain]:
    """Every installed domain by name. Raises HarnessError where one cannot be loaded, or two have one name."""
    found: dict[str, Domain] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in found:
            raise HarnessError(f"two installed packages provide the domain {point.name!r}", where=origin(point), mend="Uninstall one of them")
        if is_there(point):
            found[point.name] = load_domain(point)
    return found


def is_there(point: EntryPoint) -> bool:
    """False for a domain of this package whose folder was removed from the checkout after it was installed."""
    if point.value.partition(":")[0].partition(".")[0] != "harness":
        return True
    try:
        return find_spec(point.module) is not None
    except ModuleNotFoundError:  # of a package around it
        return False


def load_domain(point: EntryPoint) -> Domain:
    loaded = load(point, f"the domain {point.name!r}")
    if not isinstance(loaded, Domain):
        told = f"the domain {point.name!r} is {type(loaded).__name__}, not a harness.protocols.Domain"
        raise HarnessError(told, where=origin(point), mend="Let its class inherit from harness.protocols.Domain, and name an object of it")
    if not isinstance(name := getattr(loaded, "name", None), str) or not name:
        raise HarnessError(f"the domain {point.name!r} is named {name!r}", where=origin(point), mend="Give it an attribute name, a text")
    if not isinstance(loaded.fixtures, tuple | list) or not all(isinstance(module, str) for module in loaded.fixtures):
        raise HarnessError(f"its fixtures are {loaded.fixtures!r}", where=f"domain {name}", mend="Give a tuple with the names of modules")
    return loaded


def load(point: EntryPoint, what: str) -> Any:
    """The object of an entry point. Raises HarnessError where it cannot be loaded."""
    if EntryPoint.pattern.match(point.value) is None:
        raise HarnessError(f"{what} cannot be loaded: no object is named by it", where=origin(point), mend="Write it as package.module:object")
    with explain_failure(f"{what} cannot be loaded", origin(point)):
        return point.load()


def read_contributions(part: str, build: Callable[[Any], Any], what: type) -> Iterator[tuple[Domain, Any]]:
    """What each domain gives as its `part`, built whole. Raises HarnessError where the code of a domain raises, or gives anything but `what`."""
    for domain in domains().values():
        where = f"domain {domain.name}"
        with explain_failure(f"its {part}() cannot be read", where):
            values = build(getattr(domain, part)())
        for value in values.values() if isinstance(values, dict) else values:
            if isinstance(value, type) or not isinstance(value, what):
                told = f"its {part}() gives {value!r:.80}, which is no {what.__module__}.{what.__name__}{why_not(value, what)}"
                raise HarnessError(told, where=where, mend="docs/extending.md has an example of each")
        yield domain, values


def why_not(value: object, what: type) -> str:
    """What an object lacks of a protocol."""
    if isinstance(value, type):
        return ": it is a class, not an object of it"
    lacking = sorted(name for name in {*getattr(what, "__annotations__", {}), *vars(what)} if not name.startswith("_") and not hasattr(value, name))
    return f": it has no {', '.join(lacking)}" if lacking else ""


def origin(point: EntryPoint) -> str:
    return f"{point.value} of {point.dist.name if point.dist else 'an unknown package'}"


@cache
def responders() -> dict[str, EntryPoint]:
    """The openers of responders by the prefix of their specs, not loaded yet. Raises HarnessError where two packages claim one prefix."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=RESPONDERS):
        if not point.name or "/" in point.name or EntryPoint.pattern.match(point.value) is None:
            mend = "Write prefix = package.module:function, and no / in the prefix"
            raise HarnessError(f"the responder {point.name!r} cannot be used", where=origin(point), mend=mend)
        if point.name in found and found[point.name].value != point.value:
            raise HarnessError(f"two installed packages answer specs that begin with {point.name}/", where=origin(point), mend="Uninstall one of them")
        found[point.name] = point
    return found


@cache
def domain_units() -> dict[str, Unit]:
    """(smallest, largest value, meaning) of the units that domains add. Raises HarnessError for one that exists already."""
    found: dict[str, Unit] = {}
    for domain, units in read_contributions("units", lambda units: msgspec.convert(units, dict[str, Unit]), tuple):
        for unit, bounds in units.items():
            if not unit or not unit.isprintable() or unit in RESERVED_UNITS or not bounds[0] < bounds[1]:
                told = f"{unit!r} from {bounds[0]:g} to {bounds[1]:g} is no unit"
                raise HarnessError(told, where=f"domain {domain.name}", mend="Give it a name of its own, and a smallest value below the largest")
            if unit in found or unit in UNITS:
                raise HarnessError(f"the unit {unit!r} exists already", where=f"domain {domain.name}", mend="Give it another name")
            found[unit] = bounds
    return found


def unit_named(unit: str) -> Unit | None:
    """(smallest, largest value, meaning) of a unit, None for one that nobody knows."""
    return UNITS.get(unit) or domain_units().get(unit)


def unit_names() -> list[str]:
    return [*UNITS, *domain_units()]


@cache
def simulations() -> dict[str, Simulation]:
    """What simulates a threshold, by its unit. Raises HarnessError where two domains simulate one unit."""
    found: dict[str, Simulation] = {}
    for domain, by_unit in read_contributions("simulations", dict, Simulation):
        for unit, simulation in by_unit.items():
            if unit in found:
                raise HarnessError(f"two domains simulate thresholds in {unit!r}", where=f"domain {domain.name}", mend="Uninstall one of them")
            found[unit] = simulation
    return found


@cache
def sections() -> dict[str, Section[Any]]:
    """Every section of every domain by id, in the order of their positions. Raises HarnessError where two have one id or one type of record."""
    found: dict[str, Section[Any]] = {}
    for domain, added in read_contributions("sections", list, Section):
        for section in added:
            check_section(section, domain.name)
            if (other := next((one for one in found.values() if one.id == section.id or one.record is section.record), None)) is not None:
                told = f"the sections {other.id!r} and {section.id!r} have one id or one type of record"
                raise HarnessError(told, where=f"domain {domain.name}", mend="Give each section its own")
            found[section.id] = section
    return dict(sorted(found.items(), key=lambda item: (item[1].position, item[0])))


def check_section(section: Section[Any], domain: str) -> None:
    """Raises HarnessError for a section whose parts are of the wrong kind: it would be found where a report is made, after the run."""
    sound = {
        "id": isinstance(section.id, str) and bool(section.id),
        "title": isinstance(section.title, str),
        "position": isinstance(section.position, int | float) and section.position == section.position,
        "record": isinstance(section.record, type) and issubclass(section.record, SectionRecord),
    }
    if wrong := [part for part, holds in sound.items() if not holds]:
        told = f"{wrong[0]} of the section {section.id!r} is {getattr(section, wrong[0])!r:.80}"
        mend = "id and title are texts, position is a number, record is a class below harness.records.SectionRecord"
        raise HarnessError(told, where=f"domain {domain}", mend=mend)


@cache
def behaviours() -> dict[str, Behaviour]:
    """Every behaviour of every domain by name. Raises HarnessError where two have one name."""
    found: dict[str, Behaviour] = {}
    for domain, added in read_contributions("behaviours", list, BehaviourDeclaration):
        for behaviour in added:
            if behaviour.name in found:
                raise HarnessError(f"the behaviour {behaviour.name!r} exists already", where=f"domain {domain.name}", mend="Give it another name")
            found[behaviour.name] = behaviour
    return found


@cache
def checks() -> dict[str, Check]:
    """Every rule by its code: those of domains, and those named by entry points of the group `harness.checks` (a rule, or a list of rules). Raises
    HarnessError for a code that is not one, and where two rules have one code."""
    found: dict[str, Check] = {}
    for point in sorted(entry_points(group=CHECKS), key=lambda point: point.name):
        if is_there(point):
            loaded = load(point, f"the checks {point.name!r}")
            for check in loaded if isinstance(loaded, list | tuple) else [loaded]:
                add_check(found, check, origin(point))
    for domain, added in read_contributions("checks", list, Check):
        for check in added:
            add_check(found, check, f"domain {domain.name}")
    return dict(sorted(found.items()))


def add_check(found: dict[str, Check], check: Any, where: str) -> None:
    """Raises HarnessError for what is no rule, or has a code that is taken or malformed."""
    if isinstance(check, type) or not isinstance(check, Check):
        raise HarnessError(f"{check!r:.80} is no harness.protocols.Check{why_not(check, Check)}", where=where, mend="Make it with harness.findings.rule")
    if CODE.fullmatch(check.code) is None:
        raise HarnessError(f"{check.code!r} is no code of a rule", where=where, mend="Write two letters of your own and three digits, such as XY101")
    other = found.get(check.code)
    if isinstance(other, Rule) and isinstance(check, Rule) and other is not check and (check.continues or other.continues):
        found[check.code] = join_rules(other, check)
        return
    if other is not None and other is not check:
        raise HarnessError(f"the rule {check.code} exists already", where=where, mend="Give it another code")
    found[check.code] = check


@cache
def facts() -> dict[str, list[Fact]]:
    """What domains provide for checks, by the name of the fact."""
    found: dict[str, list[Fact]] = {}
    for _, provided in read_contributions("facts", dict, Fact):
        for name, fact in provided.items():
            found.setdefault(name, []).append(fact)
    return found


def read_domains() -> None:
    """Reads all that installed domains add, so that a broken one is told before anything runs. Raises HarnessError."""
    for registry in (domains, domain_units, simulations, sections, behaviours):
        registry()


def behaviour_named(name: str) -> Behaviour:
    """Raises HarnessError for a behaviour that no installed domain has."""
    if name not in behaviours():
        raise HarnessError(f"there is no behaviour {name!r}", mend=nearest(name, behaviours()))
    return behaviours()[name]
