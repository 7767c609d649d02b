"""A plan: what is kept for a list of definitions, each different one once, and in which shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.features.fields import PLACES, TEXT_BYTES, WHOLE, mistakes
from rules.features.memory import Kind, Shape
from rules.features.naive import FORGET_AFTER_MS
from rules.model import LATENESS_MS_MAX, Aggregate, FeatureDefinition

WORD_BYTES = 8
CONDITIONS_MAX = 62  # To a mask, which is a signed word.
_MASK_BITS = 64

_KINDS = {
    Aggregate.COUNT: Kind.SUMS,
    Aggregate.SUM: Kind.SUMS,
    Aggregate.AVG: Kind.SUMS,
    Aggregate.STDDEV: Kind.SUMS,
    Aggregate.MIN: Kind.HIGHEST,
    Aggregate.MAX: Kind.HIGHEST,
    Aggregate.FIRST_SEEN: Kind.HIGHEST,
    Aggregate.LAST: Kind.LAST,
}
_SUMS = {Aggregate.COUNT: 0, Aggregate.SUM: 1, Aggregate.AVG: 1, Aggregate.STDDEV: 4}


class FeatureRefused(ValueError):
    """A definition that cannot be computed exactly; the mistakes are named."""


@dataclass(frozen=True)
class Feature:
    """A definition with what the kernels need of it."""

    definition: FeatureDefinition
    fingerprint: str
    kind: Kind
    shape: Shape
    answer_words: int

    @classmethod
    def of(cls, definition: FeatureDefinition) -> "Feature":
        """The shape of a definition, or `FeatureRefused`."""
        found = list(mistakes(definition))
        if found:
            raise FeatureRefused(f"feature `{definition.name}`: {'; '.join(found)}")
        kind = _kind(definition)
        shape = _shape(definition, kind)
        words = 1 if kind in {Kind.HIGHEST, Kind.VALUES, Kind.SET} else shape.stride
        return cls(definition, definition.fingerprint(), kind, shape, words)

    @property
    def is_of_hashes(self) -> bool:
        """Whether it counts different texts, which it tells apart by their hash."""
        return self.kind in {Kind.VALUES, Kind.SET} and self.definition.of in TEXT_BYTES

    @property
    def tiles(self) -> int:
        """How many tiles an event that is not late can ask for, and some."""
        return self.shape.span + _late_tiles(self.shape.unit) + 2

    @cached_property
    def rooms(self) -> tuple[int, ...]:
        """How many entries a block of each size has."""
        largest = _entries_max(self)
        sizes = [4]
        while sizes[-1] < largest:
            sizes.append(2 * sizes[-1])
        if self.kind is not Kind.SET:  # A hash table needs a power of two.
            sizes[-1] = largest
        return tuple(sizes)


@dataclass(frozen=True)
class Plan:
    """All definitions in their order, and the different ones among them."""

    definitions: tuple[FeatureDefinition, ...]
    features: tuple[Feature, ...]

    @classmethod
    def of(cls, definitions: Sequence[FeatureDefinition]) -> "Plan":
        """Refuses a definition that cannot be computed exactly."""
        found = {feature.fingerprint: feature for feature in map(Feature.of, definitions)}
        return cls(tuple(definitions), tuple(found.values()))

    @cached_property
    def places(self) -> tuple[int, ...]:
        """For each definition, which of the features is its own."""
        numbers = {feature.fingerprint: at for at, feature in enumerate(self.features)}
        return tuple(numbers[definition.fingerprint()] for definition in self.definitions)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The texts of `where`, each once: the order of the masks' bits."""
        found = [feature.definition.where for feature in self.features]
        return tuple(dict.fromkeys(where for where in found if where is not None))

    @cached_property
    def condition_groups(self) -> tuple[tuple[str, ...], ...]:
        """The same, in groups that fit a mask each."""
        return tuple(
            self.conditions[start : start + CONDITIONS_MAX]
            for start in range(0, len(self.conditions), CONDITIONS_MAX)
        )

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The different keys under which events are remembered or looked for."""
        found = [feature.definition.by for feature in self.features]
        found += [feature.definition.at for feature in self.features]
        return tuple(dict.fromkeys(found))

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """The text fields whose different values are counted: by their hash."""
        found = [feature.definition.of for feature in self.features if feature.is_of_hashes]
        return tuple(dict.fromkeys(field for field in found if field is not None))

    @cached_property
    def hashed(self) -> tuple[str, ...]:
        """The fields whose hash is needed."""
        return tuple(dict.fromkeys((*(name for key in self.keys for name in key), *self.counted)))

    @cached_property
    def read(self) -> tuple[str, ...]:
        """The fields whose value is needed as it is."""
        found = [feature.definition.of for feature in self.features if not feature.is_of_hashes]
        return tuple(dict.fromkeys(field for field in found if field is not None))


def _kind(definition: FeatureDefinition) -> Kind:
    if definition.aggregate is Aggregate.DISTINCT:
        return Kind.VALUES if definition.tile_ms is None else Kind.SET
    return _KINDS[definition.aggregate]


def _shape(definition: FeatureDefinition, kind: Kind) -> Shape:
    unit = definition.tile_ms or 1
    return Shape(
        kind=int(kind),
        unit=unit,
        span=definition.window_ms // unit,
        capacity=definition.capacity,
        distinct_capacity=definition.distinct_capacity,
        stride=1 + _entry_words(definition, kind),
        forget_after=definition.window_ms + FORGET_AFTER_MS,
        is_tiled=definition.tile_ms is not None,
        is_current_included=definition.is_current_included,
    )


def _late_tiles(unit: int) -> int:
    return -(-LATENESS_MS_MAX // unit)


def _entry_words(definition: FeatureDefinition, kind: Kind) -> int:
    """The words of an entry beside its tick."""
    unit = definition.tile_ms or 1
    match kind:
        case Kind.SUMS:  # In a tile the number of events is one of the sums.
            return _SUMS[definition.aggregate] + (definition.tile_ms is not None)
        case Kind.HIGHEST:
            return 1
        case Kind.LAST:  # The time, then the value.
            return 1 + text_words(definition.of or WHOLE)
        case Kind.VALUES:
            return 2
        case Kind.SET:
            tiles = definition.window_ms // unit + _late_tiles(unit) + 1
            return 1 + -(-tiles // _MASK_BITS)


def _entries_max(feature: Feature) -> int:
    """What the largest block must hold: a ring has a sentinel, a hash table free places."""
    shape = feature.shape
    if feature.kind is Kind.SET:
        return 2 * shape.distinct_capacity
    if shape.is_tiled:
        return feature.tiles + 1
    return max(4, shape.capacity + 1)


def text_words(field: str) -> int:
    """How many words the field's value takes."""
    if field in PLACES or field == WHOLE:
        return 1
    return TEXT_BYTES[field] // WORD_BYTES
