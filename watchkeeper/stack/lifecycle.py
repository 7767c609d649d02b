"""A stack's life: up, looked at, down."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic

from watchkeeper.errors import Failure
from watchkeeper.stack import leftovers, memory
from watchkeeper.stack.ascent import Ascent, descend
from watchkeeper.stack.board import Board
from watchkeeper.stack.descriptor import Descriptor, NoStack, load, save
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.parts import AFTER, build
from watchkeeper.stack.servers.program import last_lines
from watchkeeper.stack.supervisor import State, Supervisor, configure, launch
from watchkeeper.stack.wishes import Wishes, describe

SUPERVISOR_SECONDS_MAX = 20.0
POLL_SECONDS = 0.05


def supervisor_of(descriptor: Descriptor) -> Supervisor:
    """The supervisor of that stack, whether it runs or not."""
    return Supervisor(Path(descriptor.supervisor_socket))


def running(data: Path) -> Descriptor:
    """The descriptor of the stack that runs in `data`, or `NoStack`."""
    descriptor = load(data)
    if supervisor_of(descriptor).pid() is None:
        raise NoStack(
            f"The stack in {data} has lost its supervisor.",
            f"Bring it up again: `watchkeeper up --detach --data {data}`; its data are kept.",
        )
    return descriptor


def is_half_stopped(descriptor: Descriptor) -> bool:
    """Whether someone began to stop the stack and did not come to the end."""
    alive = {State.STARTING, State.RUNNING, State.BACKOFF}
    return any(each.state not in alive for each in supervisor_of(descriptor).processes())


def bring_up(
    wishes: Wishes, started_at: datetime, environment: Mapping[str, str], board: Board
) -> Descriptor:
    """Start everything and return when all is ready; what fails takes the rest down with it."""
    folder = Folder(wishes.data)
    folder.make()
    with _alone(folder), ExitStack() as undo:
        leftovers.clear(folder)
        kept = memory.recall(folder.memory, wishes.cells)
        kept = memory.with_ports(kept, wishes.port_names(), wishes.ports)
        memory.keep(kept, folder.memory)
        descriptor = describe(wishes, kept, started_at)
        parts = build(descriptor, kept, board)
        configuration = configure(folder, [part.program for part in parts if part.program])
        save(descriptor)
        undo.callback(take_down, descriptor, board)
        launch(folder, configuration, environment)
        _wait_for_supervisor(folder)
        Ascent(supervisor_of(descriptor), folder, board).run(parts)
        undo.pop_all()
    return descriptor


def take_down(descriptor: Descriptor, board: Board) -> None:
    """Stop everything in order; the data stay."""
    supervisor = supervisor_of(descriptor)
    if supervisor.pid() is not None:
        descend(supervisor, AFTER, board)
        supervisor.shut_down()
    leftovers.clear(descriptor.folder)
    descriptor.folder.descriptor.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    with (folder.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"Another `watchkeeper up` is starting the stack in {folder.data} right now.",
                "Wait for it, or choose another folder with --data.",
            ) from None
        yield


def _wait_for_supervisor(folder: Folder) -> None:
    deadline, pause = monotonic() + SUPERVISOR_SECONDS_MAX, Event()
    while Supervisor(folder.socket).pid() is None:
        if monotonic() > deadline:
            log = folder.log("supervisord")
            raise Failure(f"The supervisor did not answer:\n{last_lines(log)}", f"Read {log}.")
        pause.wait(POLL_SECONDS)
