"""Processes that outlived their supervisor: found by what it wrote into their environment."""

import signal

import psutil

from watchkeeper.stack.folder import Folder

MARK = "SUPERVISOR_SERVER_URL"
NAME = "SUPERVISOR_PROCESS_NAME"
STOP_SECONDS_MAX = 20.0


def clear(folder: Folder) -> list[str]:
    """End what an earlier, crashed supervisor of this folder left running; returns the names."""
    _end_silent_supervisor(folder)
    found = _left(folder)
    for process, name in found.items():
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(found, timeout=STOP_SECONDS_MAX)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS_MAX)
    folder.socket.unlink(missing_ok=True)
    return sorted(found.values())


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
            process.wait(STOP_SECONDS_MAX)


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
