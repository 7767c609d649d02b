"""The pasts that thresholds are chosen on: two public data sets, and a simulated honest month."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import polars as pl

from benchmarks.threshold_sweeps import CARDS, MONTH, TRANSFERS
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world
from watchkeeper.transaction_files import read_transactions

CARD_FILE = "card_payments_2018_apr_jul.parquet"
TRANSFER_FILES = ("transfers_fan_in", "transfers_cycles")
CHARGEBACK_DELAY = timedelta(days=7)
CARDS_FROM = datetime(2018, 5, 1, tzinfo=UTC)  # A month of history comes before.
TRANSFERS_FROM = datetime(2025, 1, 1, tzinfo=UTC)
MONTH_BEGIN, MONTH_DAYS, MONTH_WARM_DAYS = datetime(2026, 2, 2, tzinfo=UTC), 30, 10
MONTH_ACCOUNTS, MONTH_PER_SECOND, MONTH_SEED = 20_000, 0.4, 5
ID = "transaction_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Transactions in order of position; `kinds` says of each id what fraud it is, if any is known.

    What occurred before `begin` is history alone.
    """

    title: str
    transactions: pl.DataFrame
    begin: datetime
    kinds: pl.DataFrame | None


def cards(data: Path) -> Past:
    """The Handbook's payments; a fraud is charged back a week later, when the bank knows."""
    path = data / CARD_FILE
    payments = read_transactions(path, None).frame
    labels = pl.read_parquet(path, columns=["TX_AMOUNT", "TX_FRAUD_SCENARIO"]).filter(
        pl.col("TX_AMOUNT") > 0
    )
    kinds = payments.select(ID).with_columns(labels["TX_FRAUD_SCENARIO"].alias("kind"))
    return Past(
        title="Card payments of the Handbook, May to July 2018",
        transactions=_in_order(payments, _chargebacks(payments, kinds)),
        begin=CARDS_FROM,
        kinds=kinds.filter(pl.col("kind") > 0).with_columns(
            pl.concat_str(pl.lit("scenario "), pl.col("kind")).alias("kind")
        ),
    )


def _chargebacks(payments: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    frauds = kinds.filter(pl.col("kind") > 0)[ID]
    chargebacks = payments.filter(pl.col(ID).is_in(frauds.implode())).with_columns(
        pl.concat_str(pl.col(ID), pl.lit("-chargeback")).alias(ID),
        pl.lit("chargeback").alias("type"),
        pl.lit("credit").alias("direction"),
        pl.col("occurred_at") + CHARGEBACK_DELAY,
        pl.lit(None, pl.String).alias("entry_mode"),
    )
    return chargebacks.filter(pl.col("occurred_at") <= payments["occurred_at"].max())


def transfers(data: Path) -> Past:
    """AMLSim's transfers, each booked at both banks' ends; accounts of a pattern are labelled."""
    frames, kinds = [], []
    for name in TRANSFER_FILES:
        sent = read_transactions(data / f"{name}.parquet", None).frame
        received = sent.with_columns(
            pl.concat_str(pl.col(ID), pl.lit("-in")).alias(ID),
            pl.lit("credit").alias("direction"),
            pl.col("counterparty_id").alias("account_id"),
            pl.col("account_id").alias("counterparty_id"),
        )
        both = pl.concat([sent, received])
        accounts = pl.read_parquet(data / f"{name}_accounts.parquet").filter(pl.col("isFraud") == 1)
        number = pl.col("account_id").str.split("-").list.last().cast(pl.Int64)
        kinds.append(
            both.filter(number.is_in(accounts["nodeid"].implode())).select(
                ID, pl.lit(name.removeprefix("transfers_").replace("_", "-")).alias("kind")
            )
        )
        frames.append(both)
    return Past(
        title="Transfers of AMLSim, 149 days; a label is about the account",
        transactions=_in_order(*frames),
        begin=TRANSFERS_FROM,
        kinds=pl.concat(kinds),
    )


def month(_data: Path) -> Past:
    """Honest traffic of the simulator: every hit is a false alert."""
    plan = Plan(
        seed=MONTH_SEED,
        start_ms=int(MONTH_BEGIN.timestamp() * 1_000),
        per_second=MONTH_PER_SECOND,
        seconds=timedelta(days=MONTH_DAYS).total_seconds(),
    )
    frames = list(Traffic(build_world(MONTH_SEED, MONTH_ACCOUNTS), plan).frames())
    return Past(
        title=f"A simulated honest month, its last {MONTH_DAYS - MONTH_WARM_DAYS} days",
        transactions=pl.concat(frames, how="diagonal_relaxed"),
        begin=MONTH_BEGIN + timedelta(days=MONTH_WARM_DAYS),
        kinds=None,
    )


def _in_order(*frames: pl.DataFrame) -> pl.DataFrame:
    whole = pl.concat(frames, how="diagonal_relaxed").drop("received_at", "position")
    return whole.sort("occurred_at", maintain_order=True)


PASTS: Mapping[str, Callable[[Path], Past]] = MappingProxyType(
    {CARDS: cards, TRANSFERS: transfers, MONTH: month}
)
