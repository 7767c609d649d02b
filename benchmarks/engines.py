"""Both engines on a file of transactions: `python -m benchmarks.engines FILE.parquet`.

Prints for each what `watchkeeper rules run` takes, all of it: start, reading, scoring, writing; and
whether the two tables are equal in every cell.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import polars as pl

ENGINES = ("batch", "stream")
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took; the memory is that of its largest moment."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int


def run(engine: str, file: Path, output: Path) -> Cost:
    """Run an engine in a process of its own."""
    command = [str(Path(sys.executable).with_name("watchkeeper")), "rules", "run"]
    options = ["--engine", engine, "--input", str(file), "--output", str(output), "--json"]
    begun, ended, most, pause = time.perf_counter(), 0, 0, Event()
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:  # noqa: S603  (our own command)
        while not ended:
            most = max(most, _memory_bytes(process.pid))
            pause.wait(LOOK_SECONDS)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - begun, used.ru_utime + used.ru_stime, most)


def _memory_bytes(pid: int) -> int:
    """A process's largest memory so far; what `wait4` says begins with that of its parent."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def unequal(first: Path, second: Path) -> list[str]:
    """The columns that differ in any cell, or in their type."""
    tables = [pl.scan_parquet(path) for path in (first, second)]
    schemas = [table.collect_schema() for table in tables]
    if schemas[0] != schemas[1]:
        return sorted({str(item) for item in set(schemas[0].items()) ^ set(schemas[1].items())})
    return [name for name in schemas[0].names() if not _is_equal(name, tables)]


def _is_equal(name: str, tables: list[pl.LazyFrame]) -> bool:
    first, second = (table.select(name).collect()[name] for table in tables)
    return first.equals(second, null_equal=True)


def main(file: Path) -> None:
    """Measure both engines, and compare what they wrote."""
    with TemporaryDirectory() as folder:
        tables = {engine: Path(folder) / f"{engine}.parquet" for engine in ENGINES}
        for engine, table in tables.items():
            cost = run(engine, file, table)
            print(
                f"{engine:6}  {cost.seconds:6.1f} s, of which {cost.cpu_seconds:6.1f} s computing; "
                f"{cost.memory_bytes / 2**30:.2f} GiB at most"
            )
        rows = pl.scan_parquet(tables["batch"]).select(pl.len()).collect().item()
        columns = len(pl.scan_parquet(tables["batch"]).collect_schema())
        found = unequal(tables["batch"], tables["stream"])
        print(f"{rows:,} rows, {columns} columns: " + (", ".join(found) or "every cell is equal"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
