"""Processes that outlived their supervisor: found by what it wrote into their environment."""

import signal
from collections.abc import Sequence
from threading import Event
from time import monotonic

import psutil

from watchkeeper.stack.folder import Folder

MARK = "SUPERVISOR_SERVER_URL"
NAME = "SUPERVISOR_PROCESS_NAME"
STOP_SECONDS_MAX = 20.0
POLL_SECONDS = 0.05


def clear(folder: Folder) -> list[str]:
    """End what an earlier, crashed supervisor of this folder left running; returns the names."""
    _end_silent_supervisor(folder)
    found = _left(folder)
    for process, name in found.items():
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
    stubborn = wait_for_end(list(found), STOP_SECONDS_MAX)
    for process in stubborn:
        process.kill()
    wait_for_end(stubborn, STOP_SECONDS_MAX)
    folder.socket.unlink(missing_ok=True)
    return sorted(found.values())


def wait_for_end(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return when all have ended, or after that time with those that have not."""
    deadline, pause = monotonic() + seconds, Event()
    while alive := [process for process in processes if not _has_ended(process)]:
        if monotonic() > deadline:
            return alive
        pause.wait(POLL_SECONDS)
    return []


def _has_ended(process: psutil.Process) -> bool:
    """Also of one that nobody has collected: in a container the first process may never do so."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _end_silent_supervisor(folder: Folder) -> None:
    """One that is there but does not answer; killed, so that it starts nothing again."""
    configuration = str(folder.run / "supervisord.conf")
    for process in psutil.process_iter():
        try:
            is_ours = configuration in process.cmdline()
        except psutil.Error:
            continue
        if is_ours:
            process.kill()
            wait_for_end([process], STOP_SECONDS_MAX)


def _left(folder: Folder) -> dict[psutil.Process, str]:
    """The uppermost processes of the folder, with the names that they had."""
    address = f"unix://{folder.socket}"
    found: dict[psutil.Process, str] = {}
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get(MARK) == address:
            found[process] = environment.get(NAME, "")
    numbers = {process.pid for process in found}
    return {process: name for process, name in found.items() if process.ppid() not in numbers}
