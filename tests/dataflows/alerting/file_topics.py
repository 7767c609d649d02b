"""Run alerting on the topics that are named: what a test starts, kills and starts again."""

import sys
from dataclasses import replace

from data_contracts.topics import ALERTS, DECISIONS, REJECTED, TRANSACTIONS
from dataflows.alerting.process import Topics, run
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

if __name__ == "__main__":
    log, decisions, rejected, operations = sys.argv[1:]
    topics = Topics(
        log=replace(TRANSACTIONS, name=log),
        decisions=replace(DECISIONS, name=decisions),
        rejected=replace(REJECTED, name=rejected),
        operations=replace(ALERTS, name=operations),
    )
    run(Settings(), stop_on_signals(), topics)
