"""Which rows of a frame the door lets through: nearly all are seen to be fine, the rest are asked.

A column is looked at by its different values, so a million rows cost about a second.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts import codes, door
from data_contracts.money import AMOUNT_MINOR_MAX, currencies
from data_contracts.violation import ContractViolation
from rules.expressions.kinds import Kind, ValueType
from rules.expressions.names import fields
from watchkeeper.json_columns import STORED_FIELDS, rendered

TEXT_MAX = {"tenant": 32, "ip": 45}
ID_MAX = 64
_COUNTRY, _CATEGORY = "^[A-Z]{2}$", "^[0-9]{4}$"
_LIKE_A_CARD = "[0-9]{13}|[0-9]{4}[ -][0-9]{4}"
_PATTERNS = {
    "counterparty_country": _COUNTRY,
    "merchant_country": _COUNTRY,
    "country": _COUNTRY,
    "merchant_category": _CATEGORY,
}

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Admission:
    """The rows that the door lets through, how many it refuses, and why the first of them."""

    frame: pl.DataFrame
    refused: int
    reason: ContractViolation | None


def admitted(frame: pl.DataFrame) -> Admission:
    """Ask the door of a frame with the contract's columns."""
    is_in = ~_doubtful(frame)
    reason = None
    doubtful = np.flatnonzero(~is_in)
    if not len(doubtful):
        return Admission(frame, 0, None)
    for row, message in zip(
        doubtful.tolist(), rendered(frame[doubtful], STORED_FIELDS), strict=True
    ):
        try:
            door.parse_stored(message.encode())
        except ContractViolation as violation:
            reason = reason or violation
        else:
            is_in[row] = True
    return Admission(frame.filter(is_in), int((~is_in).sum()), reason)


def _doubtful(frame: pl.DataFrame) -> Bools:
    """Rows that are not plainly fine."""
    found = np.zeros(len(frame), np.bool_)
    for name, field in fields().items():
        column = frame[name]
        if not field.is_nullable and column.null_count():
            found |= column.is_null().to_numpy()
        if field.kind is Kind.TEXT and column.null_count() < len(column):
            odd = _odd_values(name, field, column.drop_nulls().unique())
            if len(odd):
                found |= column.is_in(odd.implode()).fill_null(value=False).to_numpy()
    is_odd = ~(_is_in_range() & _is_in_time() & _is_a_place())
    found |= frame.select(is_odd.fill_null(value=True)).to_series().to_numpy()
    return found


def _odd_values(name: str, field: ValueType, values: pl.Series) -> pl.Series:
    if field.words:
        return values.filter(~values.is_in(list(field.words)))
    if name == "currency":
        return values.filter(~values.is_in(list(currencies())))
    if name in _PATTERNS:
        return values.filter(~values.str.contains(_PATTERNS[name]))
    is_plain = values.str.contains(f"^[!-~]{{1,{TEXT_MAX.get(name, ID_MAX)}}}$")
    is_plain &= ~values.str.contains(_LIKE_A_CARD)
    if name == "ip":
        is_plain &= _each(values, codes.is_address)
    return values.filter(~is_plain)


def _each(values: pl.Series, is_fine: Callable[[str], bool]) -> pl.Series:
    return pl.Series([is_fine(value) for value in values], dtype=pl.Boolean)


def _is_in_range() -> pl.Expr:
    return pl.col("amount_minor").is_between(1, AMOUNT_MINOR_MAX)


def _is_in_time() -> pl.Expr:
    occurred, received = pl.col("occurred_at"), pl.col("received_at")
    is_known_year = [
        (instant >= door.EARLIEST) & (instant < door.LATEST) for instant in (occurred, received)
    ]
    return is_known_year[0] & is_known_year[1] & (occurred <= received + door.FUTURE_MAX)


def _is_a_place() -> pl.Expr:
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    is_nowhere = latitude.is_null() & longitude.is_null()
    is_place = latitude.is_between(-90, 90) & longitude.is_between(-180, 180)
    return is_nowhere | (latitude.is_not_null() & longitude.is_not_null() & is_place)
