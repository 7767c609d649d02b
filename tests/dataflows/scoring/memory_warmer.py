"""A warmer that reads a log in memory, and may lag behind the flow."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from data_contracts import codec
from data_contracts.transaction import Transaction
from dataflows.scoring.following import Followed, Follower, Task
from dataflows.scoring.history import NOTHING, Stretch
from dataflows.scoring.intake import Accepted, Intake
from dataflows.scoring.topics import Topics
from dataflows.scoring.warmers import Warming
from tests.dataflows.scoring.logs import Log


@dataclass
class MemoryPast:
    """What an intake accepts of the log."""

    log: Log

    def read(self, after: int, until: int) -> Iterator[Stretch]:
        intake = Intake(Topics().log, Topics().rejected)
        for batch in self.log.batches(10):
            work = intake.take(batch).work
            if isinstance(work, Accepted) and work.positions:
                positions = [int(at) for at in work.positions if after < at <= until]
                if positions:
                    values = [self.log.messages[at].value for at in positions]
                    transactions = [codec.decode(value, Transaction) for value in values]
                    yield Stretch(positions[-1], positions, transactions)


@dataclass
class MemoryWarming:
    """Offers what is known `lag` positions behind what is allowed; each time less behind.

    A lag below nought is a state that was kept: it is ahead of the flow, once.
    """

    past: MemoryPast
    task: Task
    lag: int
    allowed: list[int] = field(default_factory=list)
    is_over: bool = False

    def allow(self, until: int) -> None:
        self.allowed.append(until)

    def offer(self) -> Followed | None:
        if not self.allowed:
            return None
        until, self.lag = max(NOTHING, self.allowed.pop() - self.lag), max(0, self.lag // 2)
        follower = Follower(self.task)
        for _ in follower.follow(self.past, until):
            pass
        return Followed(follower.position, follower.clock, follower.shard)

    def progress(self) -> float:
        return 0.5

    def wait(self, seconds: float) -> None:
        assert seconds > 0

    def stop(self) -> None:
        self.is_over = True

    def end(self) -> None:
        self.is_over = True


@dataclass
class MemoryWarmer:
    """Begins such tasks, and knows which."""

    log: Log
    lag: int = 0
    begun: list[MemoryWarming] = field(default_factory=list)

    def begin(self, task: Task) -> Warming:
        self.begun.append(MemoryWarming(MemoryPast(self.log), task, self.lag))
        return self.begun[-1]
