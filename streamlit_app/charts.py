"""The pictures of the live page; their colours are told apart on light and on dark."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import altair as alt
import polars as pl

from streamlit_app.measures import VERDICTS, Measure

VERDICT_COLOURS = {"approve": "#5eaaa0", "review": "#e0a03a", "decline": "#d0524a"}
PERCENTILE_COLOURS = {"p50": "#5eaaa0", "p95": "#5b8fd0", "p99": "#a678c8"}
PROCESS_COLOURS = {
    "scoring": "#d0524a",
    "posting": "#5b8fd0",
    "alerting": "#e0a03a",
    "operations": "#a678c8",
    "archiving": "#8a9a95",
}
HEIGHT = 230
Row = tuple[datetime, str, float]


def decisions(measures: Sequence[Measure]) -> alt.Chart:
    """Decisions per second by verdict, stacked, with declines at the bottom where they show."""
    rows = (
        (measure.at, verdict, measure.decided_per_second[verdict])
        for measure in measures
        for verdict in VERDICTS
    )
    lowest_first = {verdict: order for order, verdict in enumerate(reversed(VERDICTS))}
    table = _table(rows).with_columns(order=pl.col("what").replace_strict(lowest_first))
    area = alt.Chart(table).mark_area(interpolate="monotone", opacity=0.9)
    return _drawn(area, VERDICT_COLOURS, ",.1f").encode(order=alt.Order("order:Q"))


def latency(measures: Sequence[Measure]) -> alt.Chart:
    """Milliseconds from acceptance to decision: the middle one and the slow ones."""
    rows = (
        (measure.at, name, 1_000 * seconds)
        for measure in measures
        for name, seconds in zip(
            PERCENTILE_COLOURS,
            (
                measure.decision_p50_seconds,
                measure.decision_p95_seconds,
                measure.decision_p99_seconds,
            ),
            strict=True,
        )
        if seconds is not None
    )
    return _drawn(_lines(rows), PERCENTILE_COLOURS, ",.0f")


def behind(measures: Sequence[Measure]) -> alt.Chart:
    """How many positions each process was behind the end of the log."""
    rows = (
        (measure.at, name, float(measure.behind[name]))
        for measure in measures
        for name in PROCESS_COLOURS
        if name in measure.behind
    )
    return _drawn(_lines(rows), PROCESS_COLOURS, ",.0f")


def _table(rows: Iterable[Row]) -> pl.DataFrame:
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "at": pl.Datetime("ms", "UTC"),
        "what": pl.String,
        "value": pl.Float64,
    }
    return pl.DataFrame(list(rows), schema=columns, orient="row")


def _lines(rows: Iterable[Row]) -> alt.Chart:
    lines: alt.Chart = alt.Chart(_table(rows)).mark_line(interpolate="monotone", strokeWidth=2)
    return lines


def _drawn(chart: alt.Chart, colours: Mapping[str, str], number: str) -> alt.Chart:
    # The browser's own zone would contradict the hours in UTC that stand beside.
    hours = alt.Scale(type="utc")
    is_stacked = colours is VERDICT_COLOURS
    drawn: alt.Chart = chart.encode(
        x=alt.X("at:T", title=None, scale=hours, axis=alt.Axis(format="%H:%M:%S", tickCount=5)),
        y=alt.Y("value:Q", title=None, stack="zero" if is_stacked else None),
        color=alt.Color(
            "what:N",
            title=None,
            sort=list(colours),
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=alt.Legend(
                orient="top",
                columns=3,
                symbolType="square" if is_stacked else "stroke",
                labelFontSize=12,
                columnPadding=8,
                padding=0,
                offset=6,
            ),
        ),
        tooltip=[
            alt.Tooltip("utchoursminutesseconds(at):T", title="at, UTC", format="%H:%M:%S"),
            alt.Tooltip("what:N", title=" "),
            alt.Tooltip("value:Q", title="value", format=number),
        ],
    ).properties(height=HEIGHT)
    return drawn
