"""`watchkeeper up`: the whole stack, by one command."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live

from watchkeeper.commands.options import Data
from watchkeeper.settings import data_folder, inherited_environment
from watchkeeper.stack import view
from watchkeeper.stack.board import Board
from watchkeeper.stack.descriptor import Descriptor, NoStack
from watchkeeper.stack.folder import UMASK
from watchkeeper.stack.lifecycle import bring_up, is_half_stopped, running, take_down
from watchkeeper.stack.supervisor import SupervisorGone
from watchkeeper.stack.watching import look
from watchkeeper.stack.wishes import EMBEDDED, Wishes

LOOK_SECONDS = 3.0
SIGNALLED = 128  # Plus the signal's number: how a shell says it.
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

app = typer.Typer()


class Stopped(BaseException):
    """A signal asked us to end."""


@app.command()
def up(
    *,
    data: Data = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when all is well.")
    ] = False,
    kafka: Annotated[str, typer.Option(help="`embedded`, or HOST:PORT of a broker.")] = EMBEDDED,
    postgres: Annotated[str, typer.Option(help="`embedded`, or a connection string.")] = EMBEDDED,
    redis: Annotated[str, typer.Option(help="`embedded`, or redis://….")] = EMBEDDED,
    api_port: Annotated[
        int | None, typer.Option(help="Port of the API; by default a free one.")
    ] = None,
    dashboard_port: Annotated[
        int | None, typer.Option(help="Port of the analysts' desk; by default a free one.")
    ] = None,
    cells: Annotated[
        int | None, typer.Option(min=1, max=64, help="Partitions of the log; by default 1.")
    ] = None,
    scoring_workers: Annotated[
        int, typer.Option(min=1, max=16, help="Workers that share the keys of features.")
    ] = 1,
    without: Annotated[str, typer.Option(help="Processes to leave out, as a,b,c.")] = "",
) -> None:
    """Start the whole stack on this machine; Ctrl-C stops it, its data stay."""
    os.umask(UMASK)
    ports = {"api": api_port, "dashboard": dashboard_port}
    wishes = Wishes(
        data=data_folder(data),
        kafka=kafka,
        postgres=postgres,
        redis=redis,
        cells=cells,
        scoring_workers=scoring_workers,
        without=frozenset(filter(None, without.split(","))),
        ports={name: port for name, port in ports.items() if port is not None},
    )
    console = Console()
    descriptor = _already_there(wishes.data, console)
    if descriptor is not None:
        console.print("The stack runs already.")
        console.print(view.addresses(descriptor))
        return
    try:
        (_leave if detach else _stay)(console, wishes)
    except Stopped as stopped:
        raise typer.Exit(SIGNALLED + stopped.args[0]) from None


def _already_there(data: Path, console: Console) -> Descriptor | None:
    try:
        descriptor = running(data)
    except NoStack:
        return None
    if is_half_stopped(descriptor):
        console.print("The stack was stopped half-way; it is started anew.")
        take_down(descriptor, Board())
        return None
    return descriptor


def _leave(console: Console, wishes: Wishes) -> None:
    with _stoppable():
        descriptor = _start(console, wishes)
    _show(console, descriptor)


def _stay(console: Console, wishes: Wishes) -> None:
    descriptor = None
    try:
        with _stoppable():
            descriptor = _start(console, wishes)
            _watch(console, descriptor)
    except Stopped:
        if descriptor is None:
            raise
    finally:
        if descriptor is not None:
            take_down(descriptor, view.board_on(console))


def _start(console: Console, wishes: Wishes) -> Descriptor:
    now = datetime.now(UTC)
    board = view.board_on(console)
    with Live(console=console, get_renderable=lambda: view.starting(board.lines), transient=True):
        return bring_up(wishes, now, inherited_environment(), board)


def _watch(console: Console, descriptor: Descriptor) -> None:
    """Show the processes until a signal comes, or someone else stops the stack."""
    pause = Event()
    if not console.is_terminal:
        _show(console, descriptor)
    shown = Live(console=console, auto_refresh=False, transient=True)
    with suppress(SupervisorGone), shown as live:
        while True:
            live.update(_table(descriptor), refresh=console.is_terminal)
            pause.wait(LOOK_SECONDS)


def _table(descriptor: Descriptor) -> Group:
    processes = look(descriptor, datetime.now(UTC))
    return Group(view.running(processes), view.addresses(descriptor))


def _show(console: Console, descriptor: Descriptor) -> None:
    console.print(_table(descriptor))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn the signals that end us into `Stopped`, so that what runs is stopped in order."""

    def stop(number: int, _frame: object) -> None:
        for each in STOPPING_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for each in STOPPING_SIGNALS:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in STOPPING_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
