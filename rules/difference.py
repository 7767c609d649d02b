"""What differs between two rule sets: rules, features, lists with their entries, the policy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from data_contracts.money import Money
from rules.forms import duration_text
from rules.model import EntityList, ListEntry, RuleSet

MILLISECONDS = "_ms"
TEXTS_BESIDE_MAX, TEXT_LENGTH_MAX = 60, 400


class Part(StrEnum):
    """What a change is of."""

    POLICY = "policy"
    RULE = "rule"
    FEATURE = "feature"
    LIST = "list"


class Act(StrEnum):
    """What happened to it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """A field as it was and as it is, in words; None where it is absent."""

    field: str
    before: str | None
    after: str | None

    def lines(self) -> Sequence[str]:
        """`score: 50 -> 60`; long texts below each other."""
        before, after = _shown(self.before), _shown(self.after)
        if len(before) + len(after) <= TEXTS_BESIDE_MAX:
            return [f"{self.field}: {before} -> {after}"]
        return [f"{self.field}:", f"    {before}", f" -> {after}"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, feature, list or the policy, and what is different in it."""

    part: Part
    name: str
    act: Act
    details: tuple[Detail, ...] = ()

    def lines(self) -> Sequence[str]:
        """The change for a person: one line, and one more for each detail."""
        sign = {Act.ADDED: "+", Act.CHANGED: "~", Act.REMOVED: "-"}[self.act]
        head = f"{sign} {self.part} {self.name}".rstrip()
        return [head, *(f"    {line}" for detail in self.details for line in detail.lines())]


def difference(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """Every change, policy first; none exactly where the two are the same set."""
    changes = [*_compared(Part.POLICY, {"": before.policy}, {"": after.policy})]
    changes += _compared(Part.RULE, _by(before.rules, "id"), _by(after.rules, "id"))
    changes += _compared(Part.FEATURE, _by(before.features, "name"), _by(after.features, "name"))
    changes += _compared(Part.LIST, _by(before.lists, "id"), _by(after.lists, "id"))
    return tuple(changes)


def rules_touched(changes: Sequence[Change], after: RuleSet) -> frozenset[str]:
    """The rules that are new or different, in themselves or in a feature that they use."""
    names = {part: {item.name for item in changes if item.part is part} for part in Part}
    return frozenset(
        rule.id
        for rule in after.rules
        if rule.id in names[Part.RULE] or names[Part.FEATURE].intersection(rule.features)
    )


Named = Mapping[str, msgspec.Struct]


def _by(items: Iterable[msgspec.Struct], key: str) -> dict[str, msgspec.Struct]:
    return {getattr(item, key): item for item in items}


def _compared(part: Part, before: Named, after: Named) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            act = Act.ADDED if old is None else Act.REMOVED
            yield Change(part=part, name=name, act=act)
        elif old != new:
            details = tuple(_details(old, new))
            yield Change(part=part, name=name, act=Act.CHANGED, details=details)


def _details(old: msgspec.Struct, new: msgspec.Struct) -> Iterator[Detail]:
    for field in old.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            continue
        if isinstance(old, EntityList) and field == "entries":
            yield from _entries(before, after)
            continue
        name = field.removesuffix(MILLISECONDS)
        yield Detail(field=name, before=_text(field, before), after=_text(field, after))


def _entries(before: Sequence[ListEntry], after: Sequence[ListEntry]) -> Iterator[Detail]:
    old, new = _by(before, "value"), _by(after, "value")
    for value in sorted(old.keys() | new.keys()):
        if old.get(value) != new.get(value):
            yield Detail(
                field=f"entry {value}",
                before=_text("entry", old.get(value)),
                after=_text("entry", new.get(value)),
            )


def _text(field: str, value: Any) -> str | None:  # noqa: ANN401  (a field of any type)
    if value is None:
        return None
    if field.endswith(MILLISECONDS):
        return duration_text(value)
    if isinstance(value, str | bool | int | float | Money):
        return str(value)
    return msgspec.json.encode(value).decode()


def _shown(text: str | None) -> str:
    if text is None:
        return "nothing"
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= TEXT_LENGTH_MAX else f"{one_line[:TEXT_LENGTH_MAX]}…"
