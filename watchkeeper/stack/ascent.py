"""The way up: each part starts as soon as what it waits for is ready."""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from time import monotonic

from watchkeeper.errors import Failure
from watchkeeper.stack.board import Board, Stage
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.parts import Part
from watchkeeper.stack.servers.program import Program, last_lines
from watchkeeper.stack.supervisor import Supervised, Supervisor

READY_SECONDS_MAX = 180.0
RESTARTS_MAX = 3
LOOK_SECONDS = 0.25
PROBE_PAUSE_SECONDS = 0.1


class Ascent:
    """Brings parts up under a supervisor, and gives up, saying why, where one does not come."""

    def __init__(self, supervisor: Supervisor, folder: Folder, board: Board) -> None:
        """Nothing starts yet."""
        self.supervisor = supervisor
        self.folder = folder
        self.board = board
        self.is_over = Event()
        self.begun: dict[Future[object], Part] = {}
        self.ready: set[str] = set()

    def run(self, parts: Sequence[Part]) -> None:
        """Return when every part is ready; raise `Failure` where one fails or takes too long."""
        waiting, deadline = list(parts), monotonic() + READY_SECONDS_MAX
        for part in waiting:
            self.board.write(part.name, Stage.WAITING)
        with ThreadPoolExecutor(len(parts)) as pool:
            try:
                while waiting or self.begun:
                    for part in [part for part in waiting if self.ready.issuperset(part.after)]:
                        waiting.remove(part)
                        self._begin(part, pool)
                    self._gather()
                    self._look_for_trouble(deadline)
            finally:
                self.is_over.set()

    def _begin(self, part: Part, pool: ThreadPoolExecutor) -> None:
        self.board.write(part.name, Stage.STARTING)
        if part.program is None:
            self.begun[pool.submit(part.act)] = part
        else:
            self.supervisor.start(part.name)
            self.begun[pool.submit(self._wait_for, part.program)] = part

    def _wait_for(self, program: Program) -> None:
        while not program.is_ready():
            if self.is_over.wait(PROBE_PAUSE_SECONDS):
                return

    def _gather(self) -> None:
        done, _ = wait(self.begun, LOOK_SECONDS, FIRST_COMPLETED)
        for future in done:
            part = self.begun.pop(future)
            try:
                future.result()
            except Failure:
                self.board.write(part.name, Stage.FAILED)
                raise
            self.ready.add(part.name)
            self.board.write(part.name, Stage.READY)

    def _look_for_trouble(self, deadline: float) -> None:
        begun = {part.name for part in self.begun.values()}
        states = {each.name: each for each in self.supervisor.processes() if each.name in begun}
        for name, state in states.items():
            if state.restarts >= RESTARTS_MAX:
                self._fail(name, f"{name} ended {state.restarts} times instead of being ready")
            self.board.write(name, Stage.STARTING, _word(state))
        if monotonic() > deadline and begun:
            self._fail(min(begun), f"{min(begun)} was not ready within {READY_SECONDS_MAX:g} s")

    def _fail(self, name: str, what: str) -> None:
        self.board.write(name, Stage.FAILED)
        log = self.folder.log(name)
        raise Failure(
            f"{what}. The end of its log:\n{last_lines(log)}",
            f"Read {log}; `watchkeeper doctor` looks for usual causes.",
        )


def descend(supervisor: Supervisor, after: Mapping[str, tuple[str, ...]], board: Board) -> None:
    """Stop every process, those first on which no other one depends."""
    remaining = {each.name for each in supervisor.processes() if each.pid}
    while remaining:
        needed = {name for each in remaining for name in all_needs(each, after)}
        last = remaining - needed
        for name in last:
            board.write(name, Stage.STOPPING)
            supervisor.stop(name)
        _wait_until_stopped(supervisor, last, board)
        remaining -= last


def all_needs(name: str, after: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Every part that has to be there for this one, at whatever remove."""
    direct = after.get(name, ())
    return set(direct).union(*(all_needs(each, after) for each in direct))


def _wait_until_stopped(supervisor: Supervisor, names: set[str], board: Board) -> None:
    pause = Event()
    alive = set(names)
    while alive:
        alive_now = {each.name for each in supervisor.processes() if each.pid} & names
        for name in alive - alive_now:
            board.write(name, Stage.STOPPED)
        alive = alive_now
        if alive:
            pause.wait(PROBE_PAUSE_SECONDS)


def _word(state: Supervised) -> str:
    return f"tried again, {state.restarts} times" if state.restarts else ""
