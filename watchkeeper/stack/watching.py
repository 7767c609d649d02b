"""How each process of a running stack is: state, memory, health."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import psutil

from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import supervisor_of
from watchkeeper.stack.parts import probes
from watchkeeper.stack.supervisor import State

SUPERVISOR = "supervisor"
FOREIGN = "FOREIGN"


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`rss_bytes` counts children too, and memory that they share once.

    `state` is supervisord's word, or FOREIGN for a server that the stack does not run itself.
    """

    name: str
    state: str
    is_healthy: bool
    pid: int = 0
    uptime_seconds: int = 0
    restarts: int = 0
    rss_bytes: int = 0


def look(descriptor: Descriptor, now: datetime) -> list[ProcessStatus]:
    """Ask every process of the stack, all at once; the supervisor is the last in the list."""
    supervisor = supervisor_of(descriptor)
    asks = probes(descriptor)
    with ThreadPoolExecutor(len(asks)) as pool:
        healths = dict(zip(asks, pool.map(lambda ask: ask(), asks.values()), strict=True))
    supervised = [
        ProcessStatus(
            name=each.name,
            state=each.state,
            pid=each.pid,
            uptime_seconds=each.seconds,
            restarts=each.restarts,
            rss_bytes=resident_bytes(each.pid) if each.pid else 0,
            is_healthy=healths[each.name],
        )
        for each in supervisor.processes()
    ]
    names = {each.name for each in supervised}
    foreign = [
        ProcessStatus(name=name, state=FOREIGN, is_healthy=is_well)
        for name, is_well in healths.items()
        if name not in names
    ]
    supervised.sort(key=lambda each: descriptor.processes.index(each.name))
    return [*foreign, *supervised, _itself(supervisor.pid() or 0, now - descriptor.started_at)]


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its children; pages that they share count once."""
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return _sum_resident(family)


def _sum_resident(family: Iterable[psutil.Process]) -> int:
    own, shared = 0, 0
    for process in family:
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:
            continue
        common = getattr(memory, "shared", 0)  # Only Linux tells.
        own += memory.rss - common
        shared = max(shared, common)
    return own + shared


def _itself(pid: int, uptime: timedelta) -> ProcessStatus:
    return ProcessStatus(
        name=SUPERVISOR,
        state=State.RUNNING,
        is_healthy=True,
        pid=pid,
        uptime_seconds=int(uptime.total_seconds()),
        rss_bytes=psutil.Process(pid).memory_info().rss,
    )
