"""A plan: what is kept for a list of definitions, each different one once, and in which shape."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.features.fields import PLACES, TEXT_BYTES, WHOLE, mistakes
from rules.features.memory import BLOCK_WORDS_LEAST, Kind
from rules.model import LATENESS_MS_MAX, Aggregate, FeatureDefinition

WORD_BYTES = 8
CONDITIONS_MAX = 62  # To a mask, which is a signed word.
_MASK_BITS = 64

Key = tuple[str, ...]

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
OCCURRED_AT = "occurred_at"


class FeatureRefused(ValueError):
    """A definition that cannot be computed exactly; the mistakes are named."""


@dataclass(frozen=True)
class Feature:
    """A definition with what follows from it."""

    definition: FeatureDefinition
    fingerprint: str
    kind: Kind

    @classmethod
    def of(cls, definition: FeatureDefinition) -> "Feature":
        """The feature that is defined, or `FeatureRefused`."""
        found = list(mistakes(definition))
        if found:
            raise FeatureRefused(f"feature `{definition.name}`: {'; '.join(found)}")
        kind = _KINDS.get(definition.aggregate, Kind.SET)
        if definition.aggregate is Aggregate.DISTINCT and definition.tile_ms is None:
            kind = Kind.VALUES
        return cls(definition, definition.fingerprint(), kind)

    @property
    def is_tiled(self) -> bool:
        """Whether it remembers whole tiles."""
        return self.definition.tile_ms is not None

    @property
    def unit(self) -> int:
        """Milliseconds of a tick: a tile, or one."""
        return self.definition.tile_ms or 1

    @property
    def span(self) -> int:
        """Ticks of the window."""
        return self.definition.window_ms // self.unit

    @property
    def reach(self) -> int:
        """How many ticks an event that is not late can ask for, and some."""
        return self.span - (-LATENESS_MS_MAX // self.unit) + 2

    @property
    def is_of_hashes(self) -> bool:
        """Whether it counts different texts, which it tells apart by their hash."""
        return self.kind in {Kind.VALUES, Kind.SET} and self.definition.of in TEXT_BYTES

    @property
    def stride(self) -> int:
        """Words of an entry: its tick, or for a set the value, and what the kind adds."""
        match self.kind:
            case Kind.SUMS:  # In a tile the number of events is one of the sums.
                return 1 + self.is_tiled + _SUMS[self.definition.aggregate]
            case Kind.HIGHEST:
                return 2
            case Kind.LAST:  # The time, then the value.
                return 2 + words_of(self.definition.of or WHOLE)
            case Kind.VALUES:
                return 3
            case Kind.SET:
                return 2 - (-self.reach // _MASK_BITS)

    @property
    def answer_words(self) -> int:
        """Words of an answer."""
        return 1 if self.kind in {Kind.HIGHEST, Kind.VALUES, Kind.SET} else self.stride

    @property
    def is_negated(self) -> bool:
        """Whether the least is found as the highest of the negated."""
        return self.definition.aggregate in {Aggregate.MIN, Aggregate.FIRST_SEEN}

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers; else they are floats, or texts."""
        aggregate, of = self.definition.aggregate, self.definition.of
        if of in PLACES:
            return aggregate is Aggregate.FIRST_SEEN
        is_text = aggregate is Aggregate.LAST and of in TEXT_BYTES
        return not is_text and aggregate not in {Aggregate.AVG, Aggregate.STDDEV}

    @property
    def value_word(self) -> int:
        """Which word of an answer is, or begins, its value; sums have the number of events too."""
        match self.definition.aggregate:
            case Aggregate.COUNT:
                return int(self.is_tiled)
            case Aggregate.SUM | Aggregate.AVG | Aggregate.STDDEV:
                return 1 + int(self.is_tiled)
            case Aggregate.LAST:
                return 2
            case _:
                return 0

    @property
    def room_max(self) -> int:
        """Entries that the largest block has to hold: a set has free places, a ring a sentinel."""
        if self.kind is Kind.SET:
            return _power_of_two(2 * self.definition.distinct_capacity)
        return 1 + (self.reach if self.is_tiled else self.definition.capacity)

    @property
    def first_size(self) -> int:
        """The size of a key's first block: it holds two entries."""
        return max(0, -(-2 * self.stride // BLOCK_WORDS_LEAST) - 1).bit_length()


@dataclass(frozen=True)
class Plan:
    """All definitions in their order, and the different ones among them.

    Nothing is remembered for those that are `missing` (fingerprints): their history is not there.
    """

    definitions: tuple[FeatureDefinition, ...]
    features: tuple[Feature, ...]
    missing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, definitions: Sequence[FeatureDefinition], missing: Collection[str] = ()) -> "Plan":
        """Refuses a definition that cannot be computed exactly."""
        found = {feature.fingerprint: feature for feature in map(Feature.of, definitions)}
        return cls(tuple(definitions), tuple(found.values()), frozenset(missing) & found.keys())

    def without(self, missing: Collection[str]) -> "Plan":
        """The same definitions, with others of them missing."""
        return Plan.of(self.definitions, missing)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """For each definition, which of the features is its own."""
        numbers = {feature.fingerprint: at for at, feature in enumerate(self.features)}
        return tuple(numbers[definition.fingerprint()] for definition in self.definitions)

    @cached_property
    def groups(self) -> dict[Key, tuple[int, ...]]:
        """The numbers of the features that remember under the same key."""
        found: dict[Key, tuple[int, ...]] = {}
        for number, feature in enumerate(self.features):
            if feature.fingerprint not in self.missing:
                by = feature.definition.by
                found[by] = (*found.get(by, ()), number)
        return found

    @cached_property
    def words(self) -> tuple[int, ...]:
        """Where the words of each feature's answer begin; at the end, how many there are."""
        found = [0]
        for feature in self.features:
            found.append(found[-1] + feature.answer_words)
        return tuple(found)

    @cached_property
    def not_whole(self) -> tuple[int, ...]:
        """The numbers of the features whose values are floats or texts."""
        return tuple(at for at, feature in enumerate(self.features) if not feature.is_whole)

    @cached_property
    def units(self) -> tuple[int, ...]:
        """The different lengths of a tick."""
        return tuple(dict.fromkeys(feature.unit for feature in self.features))

    @cached_property
    def value_lines(self) -> list[int]:
        """Where each feature's value is, or begins, among the words of all answers."""
        begins = zip(self.features, self.words, strict=False)
        return [begin + feature.value_word for feature, begin in begins]

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
    def keys(self) -> tuple[Key, ...]:
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

    @cached_property
    def columns(self) -> dict[tuple[str, bool], int]:
        """Where a field's words, or with True its hash, begin among the cells."""
        found, width = {(OCCURRED_AT, False): 0}, 1
        for field in self.read:
            found[field, False] = width
            width += words_of(field)
        for field in self.counted:
            found[field, True] = width
            width += 1
        found["", False] = width  # How wide it is.
        return found

    def column_of(self, feature: Feature) -> int:
        """Where the value of a feature begins among the cells."""
        if feature.definition.aggregate is Aggregate.FIRST_SEEN or feature.definition.of is None:
            return 0
        return self.columns[feature.definition.of, feature.is_of_hashes]

    def null_column_of(self, feature: Feature) -> int:
        """Where it is seen that a feature's field is null, or -1 where it never is."""
        of = feature.definition.of
        return -1 if of in {None, WHOLE} else self.columns[of or "", feature.is_of_hashes]


def words_of(field: str) -> int:
    """How many words the field's value takes."""
    if field in PLACES or field == WHOLE:
        return 1
    return TEXT_BYTES[field] // WORD_BYTES


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
