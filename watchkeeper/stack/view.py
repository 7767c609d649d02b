"""The stack as a person sees it: tables while it starts and while it runs."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from time import monotonic

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchkeeper.stack.board import Board, Line, Stage
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.watching import ProcessStatus

COLOURS = {
    Stage.READY: "green",
    Stage.STARTING: "yellow",
    Stage.PREPARING: "yellow",
    Stage.STOPPING: "yellow",
    Stage.FAILED: "bold red",
}
MILESTONES = frozenset({Stage.READY, Stage.FAILED, Stage.STOPPED})
WELL, ILL = Text("● well", "green"), Text("● not well", "bold red")
MEBIBYTE = 1024 * 1024


def board_on(console: Console) -> Board:
    """On a terminal a table shows all; elsewhere a line tells what is ready, failed or stopped."""

    def tell(name: str, line: Line) -> None:
        if line.stage in MILESTONES:
            console.print(f"{name} {line.stage}", highlight=False)

    return Board() if console.is_terminal else Board(told=tell)


def starting(lines: Mapping[str, Line]) -> Table:
    """How far each part is."""
    table = Table("part", "", "seconds", "", box=None, header_style="dim")
    for name, line in lines.items():
        seconds = "" if line.stage in {Stage.WAITING, Stage.READY} else _since(line)
        table.add_row(name, Text(line.stage, COLOURS.get(line.stage, "dim")), seconds, line.detail)
    return table


def running(processes: Iterable[ProcessStatus]) -> Table:
    """How each process is, with the memory of all."""
    table = Table("process", "health", "state", box=None, header_style="dim", show_footer=False)
    for heading in ("pid", "up", "restarts", "memory"):
        table.add_column(heading, justify="right")
    total = 0
    for each in processes:
        total += each.rss_bytes
        table.add_row(
            each.name,
            WELL if each.is_healthy else ILL,
            each.state.lower(),
            str(each.pid or ""),
            str(timedelta(seconds=each.uptime_seconds)) if each.uptime_seconds else "",
            Text(str(each.restarts), "yellow" if each.restarts else "dim"),
            _mebibytes(each.rss_bytes),
        )
    table.add_row("", "", "", "", "", "", _mebibytes(total), style="bold")
    return table


def addresses(descriptor: Descriptor) -> Table:
    """Where to go now."""
    table = Table.grid(padding=(0, 2))
    found = {
        "API": f"{descriptor.api_url}/openapi.json",
        "desk": descriptor.dashboard_url,
        "Kafka": descriptor.kafka,
        "data": descriptor.data,
    }
    left_out = {"API": "api", "desk": "dashboard"}
    for name, where in found.items():
        if name not in left_out or left_out[name] in descriptor.processes:
            table.add_row(Text(name, "dim"), Text(where, "cyan"))
    return table


def _since(line: Line) -> str:
    return f"{monotonic() - line.since:.1f}"


def _mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MiB" if size else ""
