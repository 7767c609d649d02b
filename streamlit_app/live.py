"""The live page: rates, latencies, lag, decisions, alerts with their reasons, health."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from data_contracts.alert import Alert
from data_contracts.monitoring import ProcessHealth, Snapshot
from streamlit_app import charts, words
from streamlit_app.gateway import ApiAway, Gateway
from streamlit_app.measures import Measure, cpu_share, lag, measures, troubles

REFRESH_SECONDS = 2
HISTORY = 150  # snapshots: five minutes
ALERTS_SHOWN = 12
STYLE = """
<style>
.block-container {padding-top: 1.6rem; padding-bottom: 2rem; max-width: 1480px}
[data-testid="stMetricValue"] {font-variant-numeric: tabular-nums; font-weight: 600}
[data-testid="stMetricLabel"] {color: #5b6b66}
h1 {font-size: 1.7rem !important; letter-spacing: -0.01em; padding: 0 0 0.4rem 0 !important}
h3 {font-size: 1.05rem !important; padding: 0.2rem 0 0.3rem 0 !important}
[data-testid="stCaptionContainer"] ul {margin: 0 0 0.35rem 0.2rem; padding-left: 1rem}
[data-testid="stCaptionContainer"] li {font-size: 0.9rem; margin: 0}
</style>
"""


@st.cache_resource
def history() -> deque[Snapshot]:
    """The snapshots that all sessions share, oldest first."""
    return deque(maxlen=HISTORY)


@st.cache_data(ttl=REFRESH_SECONDS * 0.9, show_spinner=False)
def look(_gateway: Gateway) -> tuple[list[Snapshot], list[Alert]]:
    """Ask the API at most once per refresh, however many people watch."""
    snapshots = history()
    snapshots.append(_gateway.snapshot())
    return list(snapshots), list(_gateway.latest_alerts(ALERTS_SHOWN))


@st.fragment(run_every=REFRESH_SECONDS)
def live(gateway: Gateway) -> None:
    """Draw everything that moves."""
    try:
        snapshots, alerts = look(gateway)
    except ApiAway as away:
        st.error(f"The API does not answer, so nothing new is shown. {away}", icon="🔌")
        st.caption("`watchkeeper status` says which process is down, `watchkeeper logs api` why.")
        return
    now, so_far = snapshots[-1], measures(snapshots)
    state(now)
    numbers(now, so_far)
    pictures(so_far)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        latest(alerts, now.taken_at)
    with right:
        health(snapshots[-2] if len(snapshots) > 1 else now, now)


def state(now: Snapshot) -> None:
    """Say in one line whether all is well."""
    found = troubles(now)
    if found:
        st.warning(" · ".join(found), icon="⚠️")
    else:
        st.caption(f":green[●] All processes are up and keep pace · {now.taken_at:%H:%M:%S} UTC")


def numbers(now: Snapshot, so_far: Sequence[Measure]) -> None:
    """Five numbers, each with its last minutes."""
    last = so_far[-1] if so_far else None
    decided = [sum(measure.decided_per_second.values()) for measure in so_far]
    flagged = [
        measure.decided_per_second["review"] + measure.decided_per_second["decline"]
        for measure in so_far
    ]
    tiles: tuple[tuple[str, str, list[float]], ...] = (
        (
            "Accepted",
            words.rate(last.accepted_per_second) if last else words.NOTHING_YET,
            [measure.accepted_per_second for measure in so_far],
        ),
        ("Decided", words.rate(decided[-1]) if last else words.NOTHING_YET, decided),
        ("Reviewed or declined", words.rate(flagged[-1]) if last else words.NOTHING_YET, flagged),
        (
            "Decision, 95 % within",
            words.duration(last.decision_p95_seconds if last else None),
            [measure.decision_p95_seconds or 0 for measure in so_far],
        ),
        (
            "Scoring lag",
            f"{lag(now, 'scoring') or 0:,}",
            [float(measure.scoring_lag) for measure in so_far],
        ),
    )
    for column, (label, value, past) in zip(st.columns(len(tiles)), tiles, strict=True):
        column.metric(label, value, chart_data=past[-60:], chart_type="area", border=True)


def pictures(so_far: Sequence[Measure]) -> None:
    """Draw the decisions and how long they took."""
    left, right = st.columns([3, 2], gap="medium")
    with left.container(border=True):
        st.subheader("Decisions", anchor=False)
        st.altair_chart(charts.decisions(so_far), width="stretch", theme=None)
    with right.container(border=True):
        st.subheader("From acceptance to decision", anchor=False)
        st.altair_chart(charts.latency(so_far), width="stretch", theme=None)


def latest(alerts: Sequence[Alert], now: datetime) -> None:
    """Show the newest alerts with every reason."""
    with st.container(border=True):
        st.subheader("Latest alerts", anchor=False)
        if not alerts:
            st.caption("None yet. An alert appears when a transaction is reviewed or declined.")
        for alert in alerts:
            one_alert(alert, now)


def one_alert(alert: Alert, now: datetime) -> None:
    """Show what happened, to whom, and why."""
    with st.container(gap="xxsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        colour = words.SEVERITY_COLOURS[alert.severity]
        line.badge(alert.severity, color=colour)  # type: ignore[arg-type]  # one of its colours
        line.markdown(words.headline(alert), width="stretch")
        line.caption(f"{words.since(alert.raised_at.timestamp(), now)} ago", width="content")
        st.caption(words.reasons(alert))


def health(before: Snapshot, now: Snapshot) -> None:
    """Show each process and server: is it up, how far behind, how heavy."""
    with st.container(border=True):
        st.subheader("Health", anchor=False)
        rows = [_health_row(before, now, process) for process in now.processes]
        st.dataframe(rows, hide_index=True, height="content")
        servers = now.servers.items()
        st.caption(" · ".join(f":{'green' if up else 'red'}[●] {name}" for name, up in servers))


def _health_row(before: Snapshot, now: Snapshot, process: ProcessHealth) -> dict[str, str]:
    behind = lag(now, process.name)
    return {
        "process": process.name,
        "state": "up" if process.is_up else "DOWN",
        "behind": words.NOTHING_YET if behind is None else f"{behind:,}",
        "CPU": words.share(cpu_share(before, now, process.name)),
        "memory": words.memory(process.resident_bytes) if process.is_up else words.NOTHING_YET,
        "up for": words.since(process.started_at, now.taken_at),
    }


def draw(gateway: Gateway) -> None:
    """Draw the page."""
    st.set_page_config(page_title="Watchkeeper · live", page_icon="🛡️", layout="wide")
    st.html(STYLE)
    st.title("Watchkeeper", anchor=False)
    live(gateway)
