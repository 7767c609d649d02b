"""A claim about the books."""

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Invariant:
    """A claim, and the query of its offenders; `number` is that of the design's list.

    The query gives one row per offender: a text that says who and how.
    """

    number: str
    claim: str
    query: LiteralString
