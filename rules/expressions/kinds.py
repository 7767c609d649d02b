"""What a value in an expression is: its kind, its bounds, and the words that it may be."""

from dataclasses import dataclass
from enum import StrEnum

WHOLE_MAX = 2**62  # Whole numbers that could go beyond it are computed as numbers (doubles).
NUMBER_MAX = 1e300
INSTANT_LOW_MS = 946_684_800_000  # 2000-01-01, the earliest that the door lets in.
INSTANT_HIGH_MS = 253_402_300_799_999  # The end of the year 9999.


class Kind(StrEnum):
    """Instants are epoch milliseconds, durations milliseconds; numbers are 64-bit floats."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    INSTANT = "instant"
    DURATION = "duration"


WHOLE_KINDS = frozenset({Kind.WHOLE, Kind.INSTANT, Kind.DURATION})
NUMERIC_KINDS = frozenset({Kind.WHOLE, Kind.NUMBER})


@dataclass(frozen=True, slots=True)
class ValueType:
    """`words`: the only texts that it can be; `length`: how long its texts are."""

    kind: Kind
    low: int | float = 0
    high: int | float = 0
    words: tuple[str, ...] = ()
    length: int | None = None
    is_nullable: bool = True

    def __str__(self) -> str:
        """The kind in words."""
        return str(self.kind)
