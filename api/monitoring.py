"""One snapshot out of what the processes say of themselves in Prometheus' text form; all pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from data_contracts.monitoring import Histogram, ProcessHealth, Snapshot

ACCEPTED = "watchkeeper_api_transactions"
REFUSED = "watchkeeper_api_refusals"
ACCEPT_SECONDS = "watchkeeper_api_request_seconds"
DECISIONS = "watchkeeper_scoring_decisions"
DECISION_SECONDS = "watchkeeper_scoring_decision_seconds"

Families = Mapping[str, Metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was found: each process's text (None where it did not answer), servers, the log.

    `dead_letters` is None where nobody could count them.
    """

    texts: Mapping[str, str | None]
    servers: Mapping[str, bool]
    log_end: int
    dead_letters: int | None = None


def snapshot(observed: Observed, now: datetime) -> Snapshot:
    """Put together what the processes say."""
    families = {name: _families(text) for name, text in observed.texts.items()}
    api, scoring = families.get("api", {}), families.get("scoring", {})
    return Snapshot(
        taken_at=now,
        processes=tuple(
            _health(name, found, is_up=observed.texts[name] is not None)
            for name, found in families.items()
        ),
        servers=dict(observed.servers),
        log_end=observed.log_end,
        dead_letters=observed.dead_letters,
        accepted=_total(api, ACCEPTED, result="accepted"),
        refused=_total(api, REFUSED),
        decisions=_by_label(scoring, DECISIONS, "verdict"),
        accept_seconds=_histogram(api, ACCEPT_SECONDS),
        decision_seconds=_histogram(scoring, DECISION_SECONDS),
    )


def positions(name: str, text: str | None) -> dict[int, int]:
    """The position that a process has come to, by cell."""
    found = _samples(_families(text), f"watchkeeper_{name}_position")
    return {int(sample.labels["cell"]): int(sample.value) for sample in found}


def _families(text: str | None) -> Families:
    return {family.name: family for family in text_string_to_metric_families(text or "")}


def _health(name: str, families: Families, *, is_up: bool) -> ProcessHealth:
    positions = _samples(families, f"watchkeeper_{name}_position")
    return ProcessHealth(
        name=name,
        is_up=is_up,
        cpu_seconds=_total(families, "process_cpu_seconds"),
        resident_bytes=int(_total(families, "process_resident_memory_bytes")),
        started_at=_total(families, "process_start_time_seconds") or None,
        position=int(sum(sample.value for sample in positions)) if positions else None,
    )


def _samples(families: Families, name: str, suffix: str = "") -> list[Sample]:
    family = families.get(name)
    found = family.samples if family else []
    return [sample for sample in found if sample.name == name + suffix]


def _counted(families: Families, name: str) -> Iterable[Sample]:
    return _samples(families, name, "_total") or _samples(families, name)


def _total(families: Families, name: str, **labels: str) -> float:
    wanted = labels.items()
    return sum(
        sample.value for sample in _counted(families, name) if wanted <= sample.labels.items()
    )


def _by_label(families: Families, name: str, label: str) -> dict[str, float]:
    totals: dict[str, float] = {}
    for sample in _counted(families, name):
        key = sample.labels.get(label, "")
        totals[key] = totals.get(key, 0.0) + sample.value
    return totals


def _histogram(families: Families, name: str) -> Histogram | None:
    counts: dict[float, float] = {}
    for sample in _samples(families, name, "_bucket"):
        bound = float(sample.labels["le"])
        counts[bound] = counts.get(bound, 0.0) + sample.value
    if not counts:
        return None
    *bounds, everything = sorted(counts)
    return Histogram(
        bounds=tuple(bounds),
        counts=tuple(counts[bound] for bound in bounds),
        count=counts[everything],
    )
