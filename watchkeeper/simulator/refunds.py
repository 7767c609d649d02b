"""Refunds: a shop gives back what was paid some moments ago."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watchkeeper.simulator.draws import Generator
from watchkeeper.simulator.honest import SLOT

REFUND_SHARE = 0.012
_KEPT = (
    "account_id",
    "currency",
    "amount_minor",
    "card_token",
    "merchant_id",
    "merchant_category",
    "merchant_country",
    "terminal_id",
    "channel",
)


@dataclass(slots=True)
class Refunds:
    """The payments of the chunk before; some acts of the next give them back."""

    paid: pl.DataFrame | None = None

    def remember(self, frame: pl.DataFrame) -> None:
        """Keep this chunk's card payments."""
        cards = frame.filter(pl.col("type") == "card_payment")
        self.paid = cards.select("transaction_id", *(name for name in _KEPT if name in cards))

    def among(self, honest: pl.DataFrame, chance: Generator) -> pl.DataFrame:
        """The same slots, a few of them now a refund."""
        if self.paid is None or self.paid.is_empty():
            return honest
        count = min(len(self.paid), round(REFUND_SHARE * len(honest)))
        slots = np.sort(chance.choice(len(honest), count, replace=False))
        given_back = self.paid.select(
            pl.col("transaction_id").alias("original_transaction_id"), pl.exclude("transaction_id")
        )[np.sort(chance.choice(len(self.paid), count, replace=False))]
        refunds = given_back.with_columns(
            pl.lit("refund").alias("type"),
            pl.lit("credit").alias("direction"),
            honest[SLOT].gather(slots),
            honest["occurred_at"].gather(slots),
        )
        return pl.concat([honest.filter(~_at(len(honest), slots)), refunds], how="diagonal")


def _at(size: int, indices: np.ndarray) -> pl.Series:
    marked = np.zeros(size, dtype=bool)
    marked[indices] = True
    return pl.Series(marked)
