"""Run the archiver on the topic that is named: what a test starts, kills and starts again."""

import sys
from dataclasses import replace
from datetime import UTC, datetime

from data_contracts.topics import DECISIONS
from dataflows.archiving.process import run
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

if __name__ == "__main__":
    topic = replace(DECISIONS, name=sys.argv[1])
    run(
        Settings(),
        stop_on_signals(),
        lambda: datetime.now(UTC),  # noqa: TID251  (this is an entry point)
        topic,
    )
