"""Card precision: of the cards that an analyst would look at each day, how many are stolen."""

import polars as pl

from analytics.backtest.judged import DAY, LABEL
from analytics.backtest.values import CardPrecision

CARDS = 100
KNOWN_AFTER_DAYS, KNOWN_DAYS = 8, 7


def card_precision(rows: pl.DataFrame, cards: int = CARDS) -> CardPrecision | None:
    """The mean over days that have enough past to know what the bank knew; None without cards.

    A card's score is its highest of the day; of equal ones the card that moved more comes first.
    Nobody looks at a score of nought, but the share is of `cards` all the same.
    """
    daily = (
        rows.filter(pl.col("card_token").is_not_null())
        .group_by(DAY, "tenant", "card_token")
        .agg(pl.col("score").max(), pl.col("amount_minor").sum(), pl.col(LABEL).any())
    )
    first = rows[DAY].min()
    counted = daily.filter(pl.col(DAY) >= pl.lit(first).dt.offset_by(f"{_KNOWN_WITHIN_DAYS}d"))
    days = counted[DAY].n_unique()
    if not days:
        return None
    unknown = counted.join(_known(daily), on=[DAY, "tenant", "card_token"], how="anti")
    looked_at = (
        unknown.filter(pl.col("score") > 0)
        .sort(
            "score", "amount_minor", "tenant", "card_token", descending=[True, True, False, False]
        )
        .group_by(DAY)
        .head(cards)
    )
    found = int(looked_at[LABEL].sum())
    return CardPrecision(cards=cards, days=days, mean=found / (cards * days))


_KNOWN_WITHIN_DAYS = KNOWN_AFTER_DAYS + KNOWN_DAYS - 1


def _known(daily: pl.DataFrame) -> pl.DataFrame:
    """The cards of which the bank knows on a day, by a fraud 8 to 14 days before."""
    frauds = daily.filter(LABEL).select(DAY, "tenant", "card_token")
    return pl.concat(
        frauds.with_columns(pl.col(DAY).dt.offset_by(f"{days}d"))
        for days in range(KNOWN_AFTER_DAYS, KNOWN_AFTER_DAYS + KNOWN_DAYS)
    ).unique()
