"""Mutants of a feature: another aggregate, window, tile, key, condition, or judged event."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.expressions.rule_text import condition_text
from rules.features.fields import HOUR_MS, PLACES, WHOLE, mistakes
from rules.forms import duration_text
from rules.model import EXACT_WINDOW_MS_MAX, Aggregate, FeatureDefinition
from rules.proof.condition_mutants import changes_of

TILES = 60
OTHER_AGGREGATES = {
    Aggregate.COUNT: (Aggregate.SUM, Aggregate.DISTINCT),
    Aggregate.SUM: (Aggregate.COUNT, Aggregate.AVG, Aggregate.MAX, Aggregate.MIN),
    Aggregate.AVG: (Aggregate.SUM, Aggregate.MAX, Aggregate.MIN),
    Aggregate.STDDEV: (Aggregate.AVG, Aggregate.MAX),
    Aggregate.MAX: (Aggregate.MIN, Aggregate.LAST),
    Aggregate.MIN: (Aggregate.MAX, Aggregate.LAST),
    Aggregate.DISTINCT: (Aggregate.COUNT,),
    Aggregate.FIRST_SEEN: (),
    Aggregate.LAST: (Aggregate.MIN, Aggregate.MAX),
}
OTHER_KEYS = ("account_id", "counterparty_id")


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """A definition with one slip: what became of what, and a test that would notice."""

    definition: FeatureDefinition
    what: str
    killer: str


def changes_of_feature(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    """Every slip that leaves a definition which can be computed."""
    ways = (_aggregates, _windows, _tiles, _keys, _conditions, _current)
    for way in ways:
        for change in way(definition):
            if next(mistakes(change.definition), None) is None:
                yield change


def _aggregates(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    for other in OTHER_AGGREGATES[definition.aggregate]:
        of = None if other is Aggregate.COUNT else definition.of or WHOLE
        if definition.of in PLACES and other is Aggregate.SUM:
            continue
        yield FeatureChange(
            replace(definition, aggregate=other, of=of),
            f"`aggregate: {definition.aggregate}` became `{other}`",
            f"a history of several events for which {definition.aggregate} and {other} differ",
        )


def _windows(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    window = definition.window_ms
    step = 1 if definition.tile_ms is None else HOUR_MS
    for other in (window - step, window + step, window // 2, window * 2):
        low, high = sorted((window, other))
        yield FeatureChange(
            replace(definition, window_ms=other, tile_ms=_tile_of(definition, other)),
            f"`window: {duration_text(window)}` became `{duration_text(other)}`",
            f"a test whose decisive event is {duration_text(low)} to {duration_text(high)} old",
        )


def _tile_of(definition: FeatureDefinition, window: int) -> int | None:
    """The tile of another window: as it is where it fits, else its usual one."""
    if window <= EXACT_WINDOW_MS_MAX:
        return None
    tile = definition.tile_ms
    return tile if tile is not None and window % tile == 0 else window // TILES


def _tiles(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    tile = definition.tile_ms
    if tile is None:
        return
    for other in (tile // 2, tile * 2):
        yield FeatureChange(
            replace(definition, tile_ms=other),
            f"`tile: {duration_text(tile)}` became `{duration_text(other)}`",
            f"a test whose decisive event is about {duration_text(definition.window_ms)} old",
        )


def _keys(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    by, at = definition.by, definition.at
    killer = f"a test where another {' or '.join(by)} stands in the history"
    for number in range(len(by)):
        if len(by) > 1:
            after = _without(by, number), _without(at, number)
            yield _with_key(definition, after, killer)
        for other in OTHER_KEYS:
            if by == at and other not in by:
                key = (*by[:number], other, *by[number + 1 :])
                yield _with_key(definition, (key, key), killer)
                break
    if by != at:
        yield _with_key(definition, (at, by), killer)
        yield _with_key(definition, (by, by), killer)


def _without(names: tuple[str, ...], number: int) -> tuple[str, ...]:
    return names[:number] + names[number + 1 :]


def _with_key(
    definition: FeatureDefinition, key: tuple[tuple[str, ...], tuple[str, ...]], killer: str
) -> FeatureChange:
    by, at = key
    before = _key_text(definition.by, definition.at)
    what = f"`{before}` became `{_key_text(by, at)}`"
    return FeatureChange(replace(definition, by=by, at=at), what, killer)


def _key_text(by: tuple[str, ...], at: tuple[str, ...]) -> str:
    text = f"by: {', '.join(by)}"
    return text if by == at else f"{text}, at: {', '.join(at)}"


def _conditions(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    if definition.where is None:
        return
    where = condition_of(definition.where, Names())
    killer = f"a history with an event of which `{condition_text(where)}` is not true"
    yield FeatureChange(replace(definition, where=None), "`where` was taken out", killer)
    for change in changes_of(where):
        yield FeatureChange(
            replace(definition, where=condition_text(change.condition)),
            f"`where`: {change.what}",
            change.killer.replace("a test where", "a history with an event of which"),
        )


def _current(definition: FeatureDefinition) -> Iterator[FeatureChange]:
    words = {True: "include", False: "exclude"}
    is_included = definition.is_current_included
    yield FeatureChange(
        replace(definition, is_current_included=not is_included),
        f"`current: {words[is_included]}` became `{words[not is_included]}`",
        "a test that the judged event itself decides",
    )
