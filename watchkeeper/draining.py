"""Until all of it is settled: scored, booked, archived and filed; and what it then comes to."""

from threading import Event
from time import monotonic

import msgspec
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.draining import Clock, NotDrained, Progress, wait_until_drained
from analytics.places import Places
from analytics.stocktaking import Report, Totals, take_stock
from ledger import invariants
from runtime.postgres import Unreachable, connect
from watchkeeper.errors import Failure
from watchkeeper.figures import figures_table
from watchkeeper.stack.descriptor import Descriptor

SECONDS_MAX, RESTART_SECONDS_MAX = 900.0, 120.0
CHECK_SECONDS_MAX = 600
PAUSE_SECONDS = 1.0
NAME = "watchkeeper-drain"
# What a server that is being restarted makes of a look at it.
AWAY = (*Unreachable, KafkaException)


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole stack holds, and whether everything agrees, compared by id."""

    totals: Totals
    lost: int
    duplicated: int
    ledger_balanced: bool

    @property
    def is_whole(self) -> bool:
        """Nothing is lost or twice, and the books balance."""
        return self.ledger_balanced and not self.lost and not self.duplicated


def places(descriptor: Descriptor) -> Places:
    """Where the stack keeps what has to agree."""
    folder = descriptor.folder.data
    return Places(
        kafka=descriptor.kafka, postgres=descriptor.postgres, data=folder, cells=descriptor.cells
    )


def drain(descriptor: Descriptor, console: Console) -> Drained:
    """Wait until everything accepted so far is settled; then count, and compare by id."""
    wait_settled(descriptor, console)
    report = take_stock(places(descriptor)).report()
    return drained(report, is_balanced=_is_balanced(descriptor))


def drained(report: Report, *, is_balanced: bool) -> Drained:
    """The figures of a report."""
    return Drained(
        totals=report.totals,
        lost=report.lost,
        duplicated=report.duplicated,
        ledger_balanced=is_balanced,
    )


def wait_settled(descriptor: Descriptor, console: Console) -> None:
    """Wait until nothing is on its way; a server that is being restarted is waited for too."""
    pause, away_since = Event(), None
    with console.status("waiting until all of it is settled") as line:

        def show(progress: Progress) -> None:
            line.update(f"waiting until all of it is settled{_left(progress)}")

        while True:
            try:
                clock = Clock(monotonic, pause.wait)
                wait_until_drained(places(descriptor), SECONDS_MAX, clock, show)
            except AWAY as error:
                away_since = away_since or monotonic()
                if monotonic() - away_since > RESTART_SECONDS_MAX:
                    raise Failure(
                        f"The stack cannot be asked: {error}", "See `watchkeeper status`."
                    ) from None
                pause.wait(PAUSE_SECONDS)
            except NotDrained as error:
                raise Failure(
                    f"Not all of it was settled: {error}.",
                    "See `watchkeeper status` and `watchkeeper logs`.",
                ) from None
            else:
                return


def _is_balanced(descriptor: Descriptor) -> bool:
    with connect(descriptor.postgres, NAME, statement_seconds=CHECK_SECONDS_MAX) as connection:
        return all(finding.holds for finding in invariants.check(connection))


def _left(progress: Progress) -> str:
    waiting = {"scoring": progress.log_end - progress.scored, **progress.left}
    parts = [f"{name} {count:,}" for name, count in waiting.items() if count > 0]
    return f": {', '.join(parts)}" if parts else ""


def totals_table(found: Drained) -> Table:
    """What the stack holds since its data folder was made."""
    table = figures_table("In the stack", found.totals)
    table.add_row("lost", _good(f"{found.lost:,}", is_good=not found.lost))
    table.add_row("done twice", _good(f"{found.duplicated:,}", is_good=not found.duplicated))
    words = "balance" if found.ledger_balanced else "do NOT balance"
    table.add_row("the books", _good(words, is_good=found.ledger_balanced))
    return table


def _good(text: str, *, is_good: bool) -> Text:
    return Text(text, "green" if is_good else "bold red")
