"""Where a flow keeps its snapshots: made once, whole or not at all."""

from datetime import timedelta
from pathlib import Path
from shutil import rmtree

from bytewax.recovery import RecoveryConfig, init_db_dir


def store(folder: Path, partitions: int = 1) -> RecoveryConfig:
    """The recovery store in a folder; the number of its partitions is fixed for ever."""
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.new")
        rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        init_db_dir(unfinished, partitions)  # type: ignore[no-untyped-call]  # the engine's own
        unfinished.rename(folder)
    return RecoveryConfig(folder, timedelta(0))  # type: ignore[no-untyped-call]  # the engine's own
