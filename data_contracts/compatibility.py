"""Whether today's contracts keep what was published: readers and old messages must not break.

Messages of old writers stay in the log, and readers are never all upgraded at once. So a field may
come if it is optional, values and limits may widen (a warning: readers will meet what they have
not met), and everything else is breaking: it needs a contract, and a topic, of a new version.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path

import msgspec

from data_contracts import documents, schemas
from data_contracts.contracts import CONTRACTS, FOLDER, Contract
from data_contracts.facts import Fact, Facts, of_json_schema


class Effect(IntEnum):
    """What a change does to those who rely on the contract."""

    NONE = 0
    WARNING = 1
    BREAKING = 2


class Change(msgspec.Struct, frozen=True):
    """One difference between what was published and what is."""

    contract: str
    field: str
    what: str
    effect: Effect


Found = tuple[str, Effect]

PUBLISHED = FOLDER / "published"  # The JSON Schemas that were promised last.


def check(contracts: Sequence[Contract] = CONTRACTS, published: Path = PUBLISHED) -> list[Change]:
    """Every difference between the published contracts and today's, all at once."""
    expected = {file_of(contract, published) for contract in contracts}
    gone = [
        Change(path.stem, "", "the whole contract is gone", Effect.BREAKING)
        for path in sorted(set(published.glob("*.json")) - expected)
    ]
    return gone + [change for contract in contracts for change in _changes(contract, published)]


def file_of(contract: Contract, published: Path = PUBLISHED) -> Path:
    """Where the published form of a contract lies."""
    return published / f"{contract.name}.json"


def compare(before: Facts, after: Facts) -> Iterator[tuple[str, str, Effect]]:
    """Every difference between two sets of fields: the field, what changed, its effect."""
    known = before.keys() | {path.partition(".")[0] for path in before}
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield path, "removed", Effect.BREAKING
        elif path in before:
            yield from ((path, what, effect) for what, effect in _differences(path, before, after))
        elif after[path].is_required and _parent(path) in known:
            yield path, "added, required", Effect.BREAKING
        else:
            yield path, "added", Effect.NONE


def _changes(contract: Contract, published: Path) -> list[Change]:
    file = file_of(contract, published)
    if not file.exists():
        return [Change(contract.name, "", "not published yet", Effect.WARNING)]
    promised = json.loads(file.read_text())
    found = [
        Change(contract.name, *difference)
        for difference in compare(of_json_schema(promised), schemas.facts(contract))
    ]
    version = documents.version(contract)
    if found and promised["$id"].endswith(f":{version}"):
        what = f"{version} is published with other fields: raise it in {contract.document.name}"
        found.append(Change(contract.name, "version", what, Effect.BREAKING))
    return found


def _parent(path: str) -> str:
    for mark in ("[]", "{}"):
        if path.endswith(mark):
            return path.removesuffix(mark)
    return path.rpartition(".")[0]


def _differences(path: str, before: Facts, after: Facts) -> Iterator[Found]:
    old, new = before[path], after[path]
    for aspect in (_requirement, _types, _values, _limits):
        yield from aspect(old, new)


def _requirement(old: Fact, new: Fact) -> Iterator[Found]:
    if new.is_required and not old.is_required:
        yield "newly required", Effect.BREAKING
    if old.is_required and not new.is_required:
        yield "no longer required", Effect.WARNING


def _types(old: Fact, new: Fact) -> Iterator[Found]:
    if old.types == new.types:
        return
    admitted = new.types | ({"integer"} if "number" in new.types else set())
    effect = Effect.WARNING if old.types <= admitted else Effect.BREAKING
    yield f"type: {_listed(old.types)} → {_listed(new.types)}", effect


def _values(old: Fact, new: Fact) -> Iterator[Found]:
    if old.values == new.values:
        return
    if not new.values:
        yield "any value, where a list of them was", Effect.WARNING
    elif not old.values:
        yield f"only {_listed(new.values)}, where any value was", Effect.BREAKING
    else:
        if gone := old.values - new.values:
            yield f"values removed: {_listed(gone)}", Effect.BREAKING
        if come := new.values - old.values:
            yield f"values added: {_listed(come)}", Effect.WARNING


_TIGHTER: dict[str, Callable[[float, float], bool]] = {
    "minimum": float.__gt__,
    "minLength": float.__gt__,
    "maximum": float.__lt__,
    "maxLength": float.__lt__,
}


def _limits(old: Fact, new: Fact) -> Iterator[Found]:
    for name in sorted(old.limits.keys() | new.limits.keys()):
        was, is_now = old.limits.get(name), new.limits.get(name)
        if was != is_now:
            effect = Effect.BREAKING if _is_tighter(name, was, is_now) else Effect.WARNING
            yield f"{name}: {_shown(was)} → {_shown(is_now)}", effect


def _is_tighter(name: str, was: float | str | None, is_now: float | str | None) -> bool:
    if is_now is None or was is None:
        return is_now is not None
    if isinstance(was, str) or isinstance(is_now, str):
        return True  # One pattern for another: nobody can tell, so it counts as tighter.
    return _TIGHTER[name](float(is_now), float(was))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _shown(limit: float | str | None) -> str:
    return "none" if limit is None else str(limit)


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """The changes as a table, the worst first."""
    for change in sorted(changes, key=lambda change: -change.effect):
        effect = change.effect.name.lower()
        yield f"{effect:8}  {change.contract:24}  {change.field:40}  {change.what}"


def worst(changes: Iterable[Change]) -> Effect:
    """The worst effect among the changes."""
    return max((change.effect for change in changes), default=Effect.NONE)


def main() -> int:
    """Print every difference; 1 if one is breaking."""
    changes = check()
    sys.stdout.writelines(f"{line}\n" for line in lines(changes))
    return int(worst(changes) is Effect.BREAKING)


if __name__ == "__main__":
    sys.exit(main())
