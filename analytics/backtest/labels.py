"""Labels: what is known of fraud, by id of the transaction."""

from dataclasses import dataclass

import polars as pl

from analytics.backtest.judged import LABEL

ID = "transaction_id"


class NoLabels(ValueError):
    """A column that says nothing of fraud; the message says why."""


@dataclass(frozen=True, slots=True)
class Labels:
    """`known` has a row for each labelled transaction: its id and whether it is a fraud.

    `others` is what a transaction without a row is: no fraud, or (None) nobody knows.
    """

    known: pl.DataFrame
    others: bool | None

    def beside(self, transactions: pl.DataFrame) -> pl.DataFrame:
        """The transactions with the column `is_fraud`."""
        joined = transactions.join(self.known, on=ID, how="left", maintain_order="left")
        if self.others is None:
            return joined
        return joined.with_columns(pl.col(LABEL).fill_null(value=self.others))


def labels_of(ids: pl.Series, values: pl.Series) -> Labels:
    """Labels of a column: true or not nought is a fraud, null is not known."""
    if not (values.dtype == pl.Boolean or values.dtype.is_numeric()):
        raise NoLabels(f'the column "{values.name}" is of {values.dtype}, not truth or numbers')
    is_fraud = values if values.dtype == pl.Boolean else values != 0
    return Labels(pl.DataFrame({ID: ids, LABEL: is_fraud}), None)


def labels_of_file(frame: pl.DataFrame) -> Labels:
    """Labels of a file: with `is_fraud` what it says, without it every id in it is a fraud."""
    if ID not in frame.columns:
        raise NoLabels(f"it has no column {ID}, but {', '.join(frame.columns)}")
    once = frame.unique(ID, keep="first", maintain_order=True)
    if LABEL in frame.columns:
        return labels_of(once[ID], once[LABEL])
    frauds = once.select(ID, pl.lit(value=True).alias(LABEL))
    return Labels(frauds, others=False)
