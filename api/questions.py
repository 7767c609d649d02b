"""What may be asked of an account, as parameters of its addresses; what is not known is refused."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data_contracts.money import AMOUNT_MINOR_MAX
from data_contracts.outcome import OutcomeStatus
from data_contracts.transaction import TransactionType

PAGE_MAX = 200
PAGE = 50
DAY_CHARACTERS = len("2026-11-22")

_HOW_TO_WRITE_IT = "write a day (2026-11-22) or an instant with its zone (2026-11-22T12:00:00Z)"


def instant(text: object) -> datetime:
    """An instant in ISO 8601 with its zone, or a day, which begins at midnight UTC."""
    given = str(text)
    is_day = len(given) == DAY_CHARACTERS
    try:
        found = datetime.fromisoformat(given).replace(tzinfo=UTC) if is_day else _zoned(given)
    except (ValueError, OverflowError):
        raise ValueError(_HOW_TO_WRITE_IT) from None
    return found


def _zoned(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(_HOW_TO_WRITE_IT)
    return found.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(instant)]
AmountMinor = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]


class _Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BalanceParameters(_Parameters):
    """When: now, unless said otherwise."""

    at: Annotated[
        Moment | None, Field(description="after all that was booked at this instant or before")
    ] = None


class _Span(_Parameters):
    since: Annotated[Moment | None, Field(alias="from", description="from this instant on")] = None
    until: Annotated[Moment | None, Field(alias="to", description="before this instant")] = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE
    cursor: Annotated[
        str | None, Field(max_length=64, description="`next_cursor` of the page before")
    ] = None

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("`from` must lie before `to`")
        return self


class StatementParameters(_Span):
    """Of which time, by when it was booked, and in which currency: the account's own else."""

    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = None


class TransactionParameters(_Span):
    """Which transactions; the times are those at which they occurred."""

    status: OutcomeStatus | None = None
    type: TransactionType | None = None
    min_amount: Annotated[AmountMinor | None, Field(description="in minor units")] = None
    max_amount: Annotated[AmountMinor | None, Field(description="in minor units")] = None

    @model_validator(mode="after")
    def _are_bounds(self) -> Self:
        low, high = self.min_amount, self.max_amount
        if low is not None and high is not None and low > high:
            raise ValueError("`min_amount` must not be above `max_amount`")
        return self
