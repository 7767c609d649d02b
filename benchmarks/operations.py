"""What the monitor costs: `python -m benchmarks.operations`, share of a core idle and at a rate."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import psutil

from data_contracts import codec
from data_contracts.topics import DECISIONS, TOPICS, TRANSACTIONS
from runtime.kafka import Outbox
from tests.factories import a_decision, a_transaction
from watchkeeper.stack.servers import jars
from watchkeeper.stack.servers import kafka as kafka_server
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running
from watchkeeper.stack.topics import make_topics

TICK_SECONDS = 0.05
PAUSE = Event()


@contextmanager
def a_broker(folder: Path) -> Iterator[str]:
    """A Kafka of its own with all topics."""
    port = free_port()
    program = kafka_server.prepare(folder / "kafka", port, free_port(taken=[port]), jars.fetch())
    with running(program, folder / "kafka.log"):
        make_topics(f"127.0.0.1:{port}", list(TOPICS))
        yield f"127.0.0.1:{port}"


@contextmanager
def a_monitor(brokers: str, folder: Path) -> Iterator[psutil.Process]:
    """The process, as the stack starts it."""
    environment = {
        "WATCHKEEPER_KAFKA": brokers,
        "WATCHKEEPER_POSTGRES": "unused",
        "WATCHKEEPER_REDIS": "unused",
        "WATCHKEEPER_JWT_SECRET": "x" * 32,
        "WATCHKEEPER_DATA": str(folder),
    }
    process = subprocess.Popen([sys.executable, "-m", "dataflows.operations"], env=environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@dataclass(slots=True)
class Sender:
    """Sends transactions received now, each with its decision."""

    outbox: Outbox
    position: int = 0

    def send(self) -> None:
        """One of each."""
        now = datetime.now(UTC)  # noqa: TID251  (a benchmark is an entry point)
        received_at = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
        transaction = a_transaction(received_at=received_at)
        decision = a_decision(transaction=transaction, position=self.position)
        self.outbox.send(TRANSACTIONS, codec.encode(transaction))
        self.outbox.send(DECISIONS, codec.encode(decision))
        self.position += 1


def share(process: psutil.Process, seconds: float, rate: int, sender: Sender) -> float:
    """Percent of a core while so many transactions and decisions a second come in."""
    before = process.cpu_times()
    started = time.monotonic()
    sent = 0
    while (elapsed := time.monotonic() - started) < seconds:
        while sent < rate * elapsed:
            sender.send()
            sent += 1
        sender.outbox.producer.poll(0)
        PAUSE.wait(TICK_SECONDS)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100 * used / (time.monotonic() - started)


def main() -> None:
    """Print one line for each rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rates", type=int, nargs="*", default=[0, 500, 5_000])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, a_broker(Path(name)) as brokers:
        sender = Sender(Outbox.to(brokers))
        with a_monitor(brokers, Path(name)) as process:
            PAUSE.wait(5)
            for rate in asked.rates:
                used = share(process, asked.seconds, rate, sender)
                resident = process.memory_info().rss / 2**20
                print(f"{rate:6} transactions/s: {used:5.1f} % of a core, {resident:4.0f} MiB")
        sender.outbox.flush()
        del sender  # Its threads would look for the broker that ends now.


if __name__ == "__main__":
    main()
