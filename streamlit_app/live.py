"""The live page: rates, latencies, lag, decisions, alerts with their reasons, health, rules."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from data_contracts.alert import Alert
from data_contracts.monitoring import Snapshot
from streamlit_app import charts, panels, words
from streamlit_app.gateway import ApiAway, Gateway, Publications
from streamlit_app.measures import Measure, lag, measure, measures, recent, troubles

REFRESH_SECONDS = 2
PAST_SECONDS = 300
NOW_SECONDS = 10  # One refresh alone is too short for a steady figure.
ALERTS_SHOWN = 15
STYLE = """
<style>
.block-container {padding-top: 1.6rem; padding-bottom: 2rem; max-width: 1600px}
[data-testid="stMetricValue"] {font-variant-numeric: tabular-nums; font-weight: 600;
  font-size: 1.6rem}
h1 {font-size: 1.7rem !important; letter-spacing: -0.01em; padding: 0 0 0.4rem 0 !important}
h3 {font-size: 1.05rem !important; padding: 0.2rem 0 0.3rem 0 !important}
[data-testid="stTable"] {font-size: 0.9rem; font-variant-numeric: tabular-nums}
[data-testid="stTable"] td {vertical-align: top}
[data-testid="stTable"] th, [data-testid="stTable"] td:not(:last-child) * {white-space: nowrap}
@media (max-width: 1100px) {
  [data-testid="stHorizontalBlock"] {flex-wrap: wrap}
  [data-testid="stColumn"] {min-width: 100%}
  .st-key-figures [data-testid="stColumn"] {min-width: calc(25% - 1rem)}
}
</style>
"""

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class View:
    """What one look at the API found: snapshots, oldest first; None for what it could not tell."""

    snapshots: Sequence[Snapshot]
    alerts: Sequence[Alert] | None
    publications: Publications | None

    @property
    def now(self) -> Snapshot:
        """The newest snapshot."""
        return self.snapshots[-1]

    @property
    def before(self) -> Snapshot:
        """The one that the newest is compared with, a few seconds older; itself where alone."""
        return recent(self.snapshots, NOW_SECONDS)[0]


@st.cache_resource
def history() -> deque[Snapshot]:
    """The snapshots that all sessions share, oldest first."""
    return deque(maxlen=PAST_SECONDS // REFRESH_SECONDS)


@st.cache_data(ttl=REFRESH_SECONDS * 0.9, show_spinner=False)
def look(_gateway: Gateway) -> View:
    """Ask the API at most once per refresh, however many people watch."""
    snapshots = history()
    snapshots.append(_gateway.snapshot())
    return View(
        recent(snapshots, PAST_SECONDS),
        _asked(lambda: _gateway.latest_alerts(ALERTS_SHOWN)),
        _asked(_gateway.publications),
    )


def _asked(question: Callable[[], Asked]) -> Asked | None:
    try:
        return question()
    except ApiAway:
        return None


@st.fragment(run_every=REFRESH_SECONDS)
def live(gateway: Gateway) -> None:
    """Draw everything that moves."""
    try:
        view = look(gateway)
    except ApiAway as away:
        st.error(f"The API does not answer, so nothing new is shown. {away}", icon="🔌")
        st.caption("`watchkeeper status` says which process is down, `watchkeeper logs api` why.")
        return
    state(view)
    if view.before is view.now:
        st.caption("Figures and pictures begin with the second look, in two seconds.")
    else:
        figures(measure(view.before, view.now), view.now)
        pictures(measures(view.snapshots))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        panels.alerts(view.alerts, view.now)
    with right:
        panels.health(view.before, view.now)
        panels.rules(view.publications, view.now)


def state(view: View) -> None:
    """Say in one line whether all is well."""
    held = len(view.publications.breakers) if view.publications else 0
    found = troubles(view.now, rules_held=held)
    at = f"{view.now.taken_at:%H:%M:%S} UTC"
    if found:
        st.warning(" · ".join([*found, at]), icon="⚠️")
    else:
        st.caption(f"{words.light(is_on=True)} All processes are up and keep pace · {at}")


def figures(last: Measure, now: Snapshot) -> None:
    """Eight figures of the last seconds."""
    tiles = _traffic(last) + _service(last, now)
    with st.container(key="figures"):
        for column, (label, value, meaning) in zip(st.columns(len(tiles)), tiles, strict=True):
            column.metric(label, value, help=meaning, border=True)


Tile = tuple[str, str, str]


def _traffic(last: Measure) -> tuple[Tile, ...]:
    return (
        (
            "Accepted",
            words.rate(last.accepted_per_second),
            f"Transactions that the API took, per second over the last {NOW_SECONDS} seconds",
        ),
        (
            "Refused",
            words.rate(last.refused_per_second),
            "Requests that the API answered with a refusal, per second",
        ),
        (
            "Decided",
            words.rate(last.all_decided_per_second),
            "Decisions per second, whatever the verdict",
        ),
        (
            "Flagged",
            words.share(last.flagged_share),
            "Decisions that are `review` or `decline`, of all",
        ),
    )


def _service(last: Measure, now: Snapshot) -> tuple[Tile, ...]:
    return (
        (
            "API p95",
            words.duration(last.accept_p95_seconds),
            "95 % of the requests were answered within",
        ),
        (
            "Decision p95",
            words.duration(last.decision_p95_seconds),
            "95 % of the transactions were decided within, counted from their acceptance",
        ),
        (
            "Scoring lag",
            words.count(lag(now, "scoring")),
            "Positions of the log that are not decided yet",
        ),
        (
            "Dead letters",
            words.count(now.dead_letters),
            "Messages that could not be read and wait: `watchkeeper dead-letters list --waiting`",
        ),
    )


def pictures(so_far: Sequence[Measure]) -> None:
    """Draw the last minutes: decisions, how long they took, who is behind."""
    decided = any(each.all_decided_per_second for each in so_far)
    late = any(any(each.behind.values()) for each in so_far)
    quiet = "No decision in the last five minutes."
    drawn = (
        ("Decisions per second", charts.decisions, decided, quiet),
        ("Milliseconds to the decision", charts.latency, decided, quiet),
        ("Positions behind the log", charts.behind, late, "Nobody was behind."),
    )
    for column, (title, picture, is_any, nothing) in zip(st.columns(3), drawn, strict=True):
        with column.container(border=True):
            st.subheader(title, anchor=False)
            if is_any:
                st.altair_chart(picture(so_far), width="stretch")
            else:
                st.caption(nothing)


def draw(gateway: Gateway) -> None:
    """Draw the page."""
    st.set_page_config(page_title="Watchkeeper · live", page_icon="🛡️", layout="wide")
    st.html(STYLE)
    st.title("Watchkeeper", anchor=False)
    live(gateway)
