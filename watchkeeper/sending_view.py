"""What a person sees while transactions are being sent, and what programs get afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import msgspec
import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from watchkeeper.figures import figures_table
from watchkeeper.sending import Tally

REFRESHES_PER_SECOND = 4
BAR_WIDTH, RECENT = 40, 200
MILLISECONDS = 1_000


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """How the sending went; `errors` were answered with a refusal or a conflict."""

    sent: int
    accepted: int
    duplicates: int
    errors: int
    retries: int
    retried: dict[str, int]
    seconds: float
    per_second: float
    p50_ms: float | None
    p95_ms: float | None
    reasons: dict[str, int]


def summary(tally: Tally) -> Sent:
    """The figures of a run that is over."""
    ends = [item.due + item.seconds for item in tally.answers]
    seconds = max(ends, default=0.0)
    p50, p95 = _ranks([item.seconds for item in tally.answers])
    answered = tally.answered.total()
    return Sent(
        sent=tally.sent,
        accepted=tally.accepted,
        duplicates=tally.duplicates,
        errors=tally.errors,
        retries=tally.retries.total(),
        retried=dict(tally.retries),
        seconds=round(seconds, 2),
        per_second=round(answered / seconds, 1) if seconds else 0.0,
        p50_ms=p50,
        p95_ms=p95,
        reasons=dict(tally.reasons.most_common()),
    )


@contextmanager
def shown(console: Console, tally: Tally, total: int) -> Iterator[None]:
    """Show progress while the block runs; nothing where nobody looks."""
    if not console.is_terminal:
        yield
        return
    with Live(
        console=console,
        get_renderable=lambda: progress(tally, total),
        refresh_per_second=REFRESHES_PER_SECOND,
        transient=True,
    ):
        yield


def progress(tally: Tally, total: int) -> Group:
    """A bar, and one line of figures."""
    done = tally.answered.total()
    elapsed = perf_counter() - tally.started if tally.started else 0.0
    p50, p95 = _ranks([item.seconds for item in tally.answers[-RECENT:]])
    figures = Table.grid(padding=(0, 2))
    figures.add_row(
        _figure("sent", tally.sent),
        _figure("accepted", tally.accepted),
        _figure("duplicates", tally.duplicates),
        _figure("errors", tally.errors, "bold red" if tally.errors else "green"),
        _figure("retries", tally.retries.total(), "yellow" if tally.retries else "green"),
        _figure("per second", round(done / elapsed) if elapsed else 0),
        _figure("p50 ms", p50 or 0.0),
        _figure("p95 ms", p95 or 0.0),
    )
    bar = Table.grid(padding=(0, 2))
    bar.add_row(ProgressBar(total, done, BAR_WIDTH), Text(f"{done:,} of {total:,}"))
    return Group(bar, figures)


def table(sent: Sent) -> Table:
    """The same figures at the end."""
    found = figures_table("Sent", sent)
    for reason, count in sent.retried.items():
        found.add_row(Text(f"tried again: {reason}", "yellow"), f"{count:,}")
    for reason, count in sent.reasons.items():
        found.add_row(Text(reason, "red"), f"{count:,}")
    return found


def _figure(name: str, value: float, style: str = "green") -> Text:
    return Text.assemble((f"{name} ", "dim"), (f"{value:,}", style))


def _ranks(seconds: list[float]) -> tuple[float | None, float | None]:
    if not seconds:
        return None, None
    p50, p95 = np.percentile(seconds, (50, 95), method="inverted_cdf") * MILLISECONDS
    return round(float(p50), 1), round(float(p95), 1)
