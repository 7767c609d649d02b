"""The outcome: what the ledger did with a transaction, once and for ever."""

from enum import StrEnum


class OutcomeStatus(StrEnum):
    """What became of the transaction in the books."""

    POSTED = "posted"
    HELD = "held"
    REFUSED = "refused"
    DECLINED = "declined"
