"""Where rules hit the same transactions."""

from collections.abc import Mapping

import polars as pl

from analytics.backtest.judged import ROW
from analytics.backtest.values import Overlap


def shared_hits(hits: pl.DataFrame) -> Mapping[str, int]:
    """How many hits of each rule another rule has too."""
    shared = hits.filter(pl.len().over(ROW) > 1).group_by("rule_id").len()
    return {str(rule_id): int(count) for rule_id, count in shared.iter_rows()}


def overlaps(hits: pl.DataFrame) -> tuple[Overlap, ...]:
    """Every pair of rules with a hit in common, each pair once, the largest first."""
    counts = {
        str(rule_id): int(count) for rule_id, count in hits["rule_id"].value_counts().iter_rows()
    }
    several = hits.select(ROW, "rule_id").filter(pl.len().over(ROW) > 1)
    pairs = (
        several.join(several, on=ROW, suffix="_other")
        .filter(pl.col("rule_id") < pl.col("rule_id_other"))
        .group_by("rule_id", "rule_id_other")
        .len()
        .sort("len", "rule_id", "rule_id_other", descending=[True, False, False])
    )
    return tuple(
        Overlap(
            rule_id=rule_id,
            other_id=other_id,
            both=both,
            share_of_rule=both / counts[rule_id],
            share_of_other=both / counts[other_id],
        )
        for rule_id, other_id, both in pairs.iter_rows()
    )
