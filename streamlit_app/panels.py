"""The tables of the live page: alerts with their reasons, health of the parts, rules."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from data_contracts.alert import Alert
from data_contracts.monitoring import ProcessHealth, Snapshot
from streamlit_app import words
from streamlit_app.gateway import Publications, TrippedRule
from streamlit_app.measures import cpu_share, lag

UNREADABLE = "They cannot be read now. `watchkeeper status` says which part is down."


def alerts(found: Sequence[Alert] | None, now: Snapshot) -> None:
    """Show the newest alerts, newest first, with every reason."""
    with st.container(border=True):
        st.subheader("Latest alerts", anchor=False)
        if found is None:
            st.caption(UNREADABLE)
        elif not found:
            st.caption("None yet. An alert appears when a transaction is reviewed or declined.")
        else:
            st.table([_alert_row(alert, now) for alert in found], border="horizontal")


def _alert_row(alert: Alert, now: Snapshot) -> dict[str, str]:
    return {
        "UTC": words.clock(alert.raised_at, now.taken_at),
        "severity": words.badge(alert.severity),
        "whom": words.entity(alert),
        "amount": words.amount(alert),
        "decision": words.outcome(alert),
        "why": words.reasons(alert),
    }


def health(before: Snapshot, now: Snapshot) -> None:
    """Show each process and server: is it up, how far behind, how heavy."""
    with st.container(border=True):
        st.subheader("Health", anchor=False)
        st.table([_health_row(before, now, each) for each in now.processes], border="horizontal")
        lamps = (f"{words.light(is_on=is_up)} {name}" for name, is_up in now.servers.items())
        st.caption(" · ".join(lamps))


def _health_row(before: Snapshot, now: Snapshot, process: ProcessHealth) -> dict[str, str]:
    behind = lag(now, process.name) if process.is_up else None
    return {
        "process": f"{words.light(is_on=process.is_up)} {process.name}",
        "behind": words.NOTHING_YET if behind is None else f"{behind:,}",
        "CPU": words.share(cpu_share(before, now, process.name)),
        "memory": words.memory(process.resident_bytes) if process.is_up else words.NOTHING_YET,
        "up for": words.since(process.started_at, now.taken_at),
    }


def rules(found: Publications | None, now: Snapshot) -> None:
    """Show which rule set counts since when, and which of its rules a breaker holds."""
    with st.container(border=True):
        st.subheader("Rules", anchor=False)
        if found is None:
            st.caption(UNREADABLE)
            return
        if found.publications:
            newest = found.publications[-1]
            since = words.clock(newest.published_at, now.taken_at)
            st.caption(f"Rule set `{newest.rule_set[:12]}` counts since {since} UTC")
        if not found.breakers:
            st.caption(f"{words.light(is_on=True)} No rule is held in shadow by its breaker.")
            return
        rows = [
            {
                "in shadow": words.plain(tripped.rule_id),
                "since, UTC": words.clock(tripped.recorded_at, now.taken_at),
                "why": words.plain(tripped.reason),
            }
            for tripped in sorted(found.breakers, key=_tripped_at, reverse=True)
        ]
        st.table(rows, border="horizontal")
        st.caption("`watchkeeper rules reset RULE` lets it count again.")


def _tripped_at(tripped: TrippedRule) -> datetime:
    return tripped.recorded_at
