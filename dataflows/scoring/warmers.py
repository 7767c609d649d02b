"""Warmers: who fills new features beside the flow. The real ones are processes of their own."""

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from data_contracts.topics import Topic
from dataflows.scoring.follow import Told
from dataflows.scoring.following import Followed, Order, Task, load
from dataflows.scoring.history import NOTHING

PROGRAM = (sys.executable, "-m", "dataflows.scoring.follow")
RETRY_SECONDS = 30.0

log = structlog.get_logger()


class WarmingFailed(RuntimeError):
    """A feature is needed whose history could not be read."""


class Warming(Protocol):
    """A task at work. What it offers is right whenever it is taken."""

    def allow(self, until: int) -> None:
        """Follow history up to there, and offer what is known then."""

    def offer(self) -> Followed | None:
        """What is offered now, once; raises `WarmingFailed` where it never will be."""

    def progress(self) -> float:
        """How much of what was allowed is done, 0 to 1."""

    def wait(self, seconds: float) -> None:
        """Return when there is an offer, or after so long."""

    def stop(self) -> None:
        """Stop; what was offered last may be needed again after a crash."""

    def end(self) -> None:
        """Stop; nobody asks any more."""


class Warmer(Protocol):
    """Begins tasks."""

    def begin(self, task: Task) -> Warming:
        """Set to work; nothing is read before it is allowed."""


class _Never:
    """A task without history."""

    def allow(self, until: int) -> None:
        """Nothing to follow."""

    def offer(self) -> Followed | None:
        """Never."""
        return None

    def progress(self) -> float:
        """None."""
        return 0.0

    def wait(self, seconds: float) -> None:  # noqa: ARG002  (the port's own signature)
        """It would be in vain."""
        raise WarmingFailed("a feature was switched on, and there is no history to fill it from")

    def stop(self) -> None:
        """Nothing to stop."""

    def end(self) -> None:
        """Nothing to stop."""


class NoHistory:
    """For work on a log alone: a feature taken up later stays null."""

    def begin(self, task: Task) -> Warming:  # noqa: ARG002  (the port's own signature)
        """Nothing comes of it."""
        return _Never()


@dataclass(slots=True)
class _Process:
    """A task in a process of its own, begun again where it fails."""

    order: Order
    stopped: threading.Event
    condition: threading.Condition = field(default_factory=threading.Condition)
    until: int = NOTHING
    position: int = NOTHING
    offered: Followed | None = None
    failure: str = ""
    is_over: bool = False
    running: "subprocess.Popen[str] | None" = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work, name=self.order.task.name, daemon=True)

    def start(self) -> None:
        """Set to work."""
        self.thread.start()

    def allow(self, until: int) -> None:
        with self.condition:
            self.until = until
            self._ask()

    def _ask(self) -> None:
        if self.running is not None and self.running.stdin is not None:
            try:
                self.running.stdin.write(f"{self.until}\n")
                self.running.stdin.flush()
            except BrokenPipeError:  # It ended, and will be begun again.
                return

    def offer(self) -> Followed | None:
        with self.condition:
            found, self.offered = self.offered, None
            return found

    def progress(self) -> float:
        with self.condition:
            return min(1.0, (self.position + 1) / (self.until + 1)) if self.until >= 0 else 0.0

    def wait(self, seconds: float) -> None:
        with self.condition:
            self.condition.wait_for(lambda: self.offered is not None or self.failure, seconds)
            if self.stopped.is_set():
                raise WarmingFailed(f"asked to stop while it waited for {self.order.task.name}")
            if self.failure or not self.thread.is_alive():
                raise WarmingFailed(self.failure or f"filling {self.order.task.name} broke off")

    def stop(self) -> None:
        with self.condition:
            self.is_over = True
            if self.running is not None:
                self.running.kill()
            self.condition.notify_all()

    def end(self) -> None:
        self.stop()
        self.order.file.unlink(missing_ok=True)

    def _work(self) -> None:
        """Run the program until it is no longer wanted."""
        while not self.is_over:
            code = self._run()
            with self.condition:
                self.running = None
                if not self.is_over:
                    self._fail(f"filling {self.order.task.name} ended with {code}")
                    self.condition.wait_for(lambda: self.is_over, RETRY_SECONDS)
                    self.failure = ""

    def _run(self) -> int:
        """Run the program once; one that ends at once leaves its order unread in the pipe."""
        running = subprocess.Popen(  # noqa: S603  (a program of ours)
            PROGRAM,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # A Ctrl-C is for the parent, which ends it.
        )
        with suppress(BrokenPipeError), running:
            self._listen(running)
        return running.returncode

    def _listen(self, running: "subprocess.Popen[str]") -> None:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(msgspec.json.encode(self.order).decode() + "\n")
        with self.condition:
            self.running = running
            if self.is_over:  # It was stopped while the program started.
                running.kill()
            elif self.until != NOTHING:
                self._ask()
        for line in running.stdout:
            self._hear(msgspec.json.decode(line, type=Told))

    def _hear(self, told: Told) -> None:
        found = load(self.order.file) if told.is_saved else None
        with self.condition:
            self.position = told.position
            if found is not None:
                self.offered = found
                self.condition.notify_all()

    def _fail(self, what: str) -> None:
        self.failure = f"{what}: see its last words above"
        log.error("features do not warm", reason=what, retry_seconds=RETRY_SECONDS)
        self.condition.notify_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmerProcesses:
    """A process for each task; their files lie in `folder`. Once `stopped`, nobody waits."""

    brokers: str
    decisions: Topic
    archive: Path
    folder: Path
    share: float
    stopped: threading.Event = field(default_factory=threading.Event)
    begun: list[_Process] = field(default_factory=list)

    def begin(self, task: Task) -> Warming:
        """Start a process."""
        order = Order(
            task=task,
            brokers=self.brokers,
            decisions=self.decisions,
            archive=str(self.archive),
            folder=str(self.folder),
            share=self.share,
        )
        found = _Process(order, self.stopped)
        self.begun.append(found)
        self._clean(task)
        found.start()
        return found

    def _clean(self, task: Task) -> None:
        """Remove what a crash left behind of earlier tasks for the same keys."""
        wanted = {found.order.file for found in self.begun if not found.is_over}
        for file in self.folder.glob(f"{task.keys}-*"):
            if file not in wanted:
                file.unlink(missing_ok=True)

    def close(self) -> None:
        """End all of them."""
        for found in self.begun:
            found.stop()
