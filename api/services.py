"""Everything that the application is made of, handed to it at once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.authentication import Authenticator
from api.intake import Writer
from api.metrics import Metrics
from api.models import ReadinessAnswer
from api.ports import Alerts, Books, Clock, ControlLog, NaturalIds, Operation, Trouble
from api.reads import Reads
from api.room import Room
from casework.ports import RuleBook


@dataclass(slots=True)
class Health:
    """How to ask each server that we need, and whether we are going down.

    A question is answered by None, or by what is wrong. Those in `needed` keep us from taking
    transactions; without the others we go on, degraded. All who ask at once share one `asking`.
    """

    questions: Mapping[str, Trouble] = field(default_factory=dict)
    needed: frozenset[str] = frozenset({"kafka"})
    is_draining: bool = False
    asking: asyncio.Task[ReadinessAnswer] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports with what stands behind them."""

    authenticator: Authenticator
    natural_ids: NaturalIds
    log: ControlLog
    books: Books
    alerts: Alerts
    operation: Operation
    rule_book: RuleBook
    clock: Clock
    cells: int = 1
    health: Health = field(default_factory=Health)
    metrics: Metrics = field(default_factory=Metrics)
    reads: Reads = field(default_factory=Reads)
    room: Room = field(default_factory=Room)

    @property
    def writer(self) -> Writer:
        """The way into the log."""
        return Writer(self.natural_ids, self.log, self.cells)
