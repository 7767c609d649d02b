"""The pictures of the live page."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from streamlit_app.measures import VERDICTS, Measure

COLOURS = {"approve": "#5eaaa0", "review": "#e0a03a", "decline": "#c2453d"}
INK, GRID = "#5b6b66", "#e6ecea"
HEIGHT = 230


def decisions(measures: Sequence[Measure]) -> alt.Chart:
    """Decisions per second by verdict, stacked, with declines at the bottom where they show."""
    rows = pl.DataFrame(
        [
            {"at": measure.at, "verdict": verdict, "rate": measure.decided_per_second[verdict]}
            for measure in measures
            for verdict in VERDICTS
        ],
        schema={"at": pl.Datetime("ms", "UTC"), "verdict": pl.String, "rate": pl.Float64},
    ).with_columns(
        order=pl.col("verdict").replace_strict({"decline": 0, "review": 1, "approve": 2})
    )
    return _styled(
        alt.Chart(rows)
        .mark_area(interpolate="monotone", opacity=0.9)
        .encode(
            x=_time(),
            y=alt.Y("rate:Q", title="decisions per second", stack="zero"),
            color=alt.Color(
                "verdict:N",
                title=None,
                sort=list(VERDICTS),
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=alt.Legend(orient="top", symbolType="square"),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("at:T", title="at", format="%H:%M:%S"),
                alt.Tooltip("verdict:N", title="verdict"),
                alt.Tooltip("rate:Q", title="per second", format=",.1f"),
            ],
        )
    )


def latency(measures: Sequence[Measure]) -> alt.Chart:
    """Milliseconds from acceptance to decision: the middle one and the slow ones."""
    rows = pl.DataFrame(
        [
            {"at": measure.at, "share": share, "ms": 1_000 * seconds}
            for measure in measures
            for share, seconds in (
                ("half within", measure.decision_p50_seconds),
                ("95 % within", measure.decision_p95_seconds),
            )
            if seconds is not None
        ],
        schema={"at": pl.Datetime("ms", "UTC"), "share": pl.String, "ms": pl.Float64},
    )
    return _styled(
        alt.Chart(rows)
        .mark_line(interpolate="monotone", strokeWidth=2)
        .encode(
            x=_time(),
            y=alt.Y("ms:Q", title="milliseconds to the decision"),
            color=alt.Color(
                "share:N",
                title=None,
                sort=["half within", "95 % within"],
                scale=alt.Scale(
                    domain=["half within", "95 % within"], range=["#5eaaa0", "#22423b"]
                ),
                legend=alt.Legend(orient="top", symbolType="stroke"),
            ),
            tooltip=[
                alt.Tooltip("at:T", title="at", format="%H:%M:%S"),
                alt.Tooltip("share:N", title="share"),
                alt.Tooltip("ms:Q", title="ms", format=",.0f"),
            ],
        )
    )


def _time() -> alt.X:
    return alt.X("at:T", title=None, axis=alt.Axis(format="%H:%M:%S", tickCount=6, grid=False))


def _styled(chart: Any) -> alt.Chart:  # noqa: ANN401  (altair's own types are generated)
    styled: alt.Chart = (
        chart.properties(height=HEIGHT, padding={"left": 4, "right": 8, "top": 4, "bottom": 4})
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor=GRID, domainColor=GRID, tickColor=GRID
        )
        .configure_legend(labelColor=INK)
    )
    return styled
