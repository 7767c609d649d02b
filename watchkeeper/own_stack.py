"""A stack that lives as long as a block: for the bench and the demo."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live

from watchkeeper.settings import inherited_environment
from watchkeeper.stack import view
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.folder import UMASK
from watchkeeper.stack.lifecycle import bring_up, take_down
from watchkeeper.stack.wishes import Wishes

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def own_stack(wishes: Wishes, now: datetime, console: Console) -> Iterator[Descriptor]:
    """Everything runs within the block; at its end, whatever came, all is stopped in order."""
    os.umask(UMASK)
    board = view.board_on(console)
    with Live(console=console, get_renderable=lambda: view.starting(board.lines), transient=True):
        descriptor = bring_up(wishes, now, inherited_environment(), board)
    try:
        yield descriptor
    finally:
        with undisturbed():
            take_down(descriptor, board)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A data folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block the signals that end a program act like Ctrl-C: what is open is closed."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in ENDING_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block nobody's signal ends us half-way."""
    signals = (*ENDING_SIGNALS, signal.SIGINT)
    before = {each: signal.signal(each, signal.SIG_IGN) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
