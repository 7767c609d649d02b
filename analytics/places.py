"""Where everything stands that has to agree."""

from dataclasses import dataclass
from pathlib import Path

from data_contracts.topics import DECISIONS, REJECTED, TRANSACTIONS, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Broker, database and data folder of one stack; the topics are the real ones but in tests."""

    kafka: str
    postgres: str
    data: Path
    cells: int = 1
    log: Topic = TRANSACTIONS
    decisions: Topic = DECISIONS
    rejected: Topic = REJECTED

    @property
    def archive(self) -> Path:
        """The folder of the archive's table."""
        return self.data / "archive" / "transactions"

    @property
    def census(self) -> Path:
        """The folder of the census."""
        return self.data / "census"
