"""Where scoring reads and writes."""

from dataclasses import dataclass

from data_contracts.topics import DECISIONS, REJECTED, TRANSACTIONS, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The log, and what is made of it."""

    log: Topic = TRANSACTIONS
    decisions: Topic = DECISIONS
    rejected: Topic = REJECTED
