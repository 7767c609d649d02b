"""One of our processes, run by a script beside the test, so that a kill can be a real one."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNUSED = {
    "WATCHKEEPER_POSTGRES": "unused",
    "WATCHKEEPER_REDIS": "unused",
    "WATCHKEEPER_DATA": "unused",
    "WATCHKEEPER_JWT_SECRET": "x" * 32,
}

Process = subprocess.Popen[str]


@contextmanager
def running(
    script: Path, arguments: Sequence[str], settings: Mapping[str, str], stderr: int | None = None
) -> Iterator[Process]:
    """The process, with nothing in its environment but these settings; the end kills it."""
    process = subprocess.Popen(
        [sys.executable, script, *arguments],
        env={**UNUSED, **settings, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
