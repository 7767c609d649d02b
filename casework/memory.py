"""The twin: casework that lives as long as the process."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from casework.ports import Filing
from casework.values import (
    SEVERITIES,
    Case,
    CaseStatus,
    FiledAlert,
    KeptLetter,
    Publication,
    Rejected,
    Silence,
    SilenceKey,
    Watermark,
)
from data_contracts.alert import Alert
from data_contracts.ids import derived_id, text

Entity = tuple[str, str, str]


@dataclass(slots=True)
class MemoryCasebook:
    """Casebook, letters and desk in one."""

    watermarks: dict[tuple[str, int], Watermark] = field(default_factory=dict)
    alerts: dict[str, tuple[str, FiledAlert]] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    kept_silences: dict[SilenceKey, Silence] = field(default_factory=dict)
    letters: list[KeptLetter] = field(default_factory=list)
    publications: dict[tuple[int, int], Publication] = field(default_factory=dict)

    def watermark(self, topic: str, partition: int) -> Watermark | None:
        """How far a partition is applied, or None where nothing of it is."""
        return self.watermarks.get((topic, partition))

    def file(self, filing: Filing) -> bool:
        """Store a batch with its watermark; False says that this was passed before."""
        reached = filing.reached
        before = self.watermark(reached.topic, reached.partition)
        if before is not None and reached.next_offset <= before.next_offset:
            return False
        highest = max(reached.position, before.position if before else -1)
        self.watermarks[reached.topic, reached.partition] = msgspec.structs.replace(
            reached, position=highest
        )
        for alert in filing.alerts:
            self._file_alert(alert)
        for rejected in filing.rejected:
            self._keep(rejected)
        self.kept_silences |= {silence.place: silence for silence in filing.silences}
        for publication in filing.publications:
            self.publications.setdefault((publication.cell, publication.position), publication)
        return True

    def silences(self, places: Collection[SilenceKey]) -> Mapping[SilenceKey, Silence]:
        """The silences at these places, over or not."""
        return {place: self.kept_silences[place] for place in places if place in self.kept_silences}

    def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was published, by its hash."""
        found = [one for one in self.publications.values() if one.rule_set == rule_set]
        return found[0].canonical if found else None

    def latest(self, limit: int, *, is_replayed: bool | None = None) -> Sequence[KeptLetter]:
        """The newest ones, newest first."""
        wanted = [
            letter
            for letter in reversed(self.letters)
            if is_replayed is None or (letter.replayed_at is not None) is is_replayed
        ]
        return wanted[:limit]

    def find(self, number: int) -> KeptLetter | None:
        """One of them."""
        return next((letter for letter in self.letters if letter.number == number), None)

    def mark_replayed(self, number: int, by: str, at: datetime) -> bool:
        """Write down who sent it again; False says that somebody had before."""
        letter = self.find(number)
        if letter is None or letter.replayed_at is not None:
            return False
        marked = msgspec.structs.replace(letter, replayed_at=at, replayed_by=by)
        self.letters[self.letters.index(letter)] = marked
        return True

    async def latest_alerts(
        self, tenant: str, limit: int, *, with_quiet: bool = False
    ) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        wanted = [
            filed.alert
            for _, filed in self.alerts.values()
            if filed.alert.tenant == tenant and (with_quiet or filed.quieted_by is None)
        ]
        return sorted(wanted, key=_newest, reverse=True)[:limit]

    async def open_cases(self, tenant: str, limit: int) -> Sequence[Case]:
        """The cases that are not closed: the gravest first, then the highest score, the newest."""
        wanted = [
            case
            for case in self.cases.values()
            if case.tenant == tenant and case.status is not CaseStatus.CLOSED
        ]
        return sorted(wanted, key=_gravest, reverse=True)[:limit]

    async def alerts_of(self, tenant: str, case_id: str) -> Sequence[Alert]:
        """All alerts of a case, newest first; none where there is no such case."""
        wanted = [
            filed.alert
            for case, filed in self.alerts.values()
            if case == case_id and filed.alert.tenant == tenant
        ]
        return sorted(wanted, key=_newest, reverse=True)

    async def waiting_letters(self) -> int:
        """How many dead letters nobody has sent again."""
        return sum(letter.replayed_at is None for letter in self.letters)

    def _file_alert(self, filed: FiledAlert) -> None:
        alert = filed.alert
        if alert.alert_id in self.alerts:
            return
        case = self._open_case(alert)
        case_id = case.case_id if case else case_id_of(alert)
        self.cases[case_id] = _with(case, case_id, filed)
        self.alerts[alert.alert_id] = (case_id, filed)

    def _open_case(self, alert: Alert) -> Case | None:
        entity = (alert.tenant, alert.entity_kind, alert.entity)
        return next(
            (
                case
                for case in self.cases.values()
                if (case.tenant, case.entity_kind, case.entity) == entity
                and case.status is not CaseStatus.CLOSED
            ),
            None,
        )

    def _keep(self, rejected: Rejected) -> None:
        new = rejected.letter
        place = (new.topic, new.partition, new.offset)
        if place not in {
            (kept.letter.topic, kept.letter.partition, kept.letter.offset) for kept in self.letters
        }:
            number = len(self.letters) + 1
            self.letters.append(
                KeptLetter(number=number, letter=new, rejected_at=rejected.rejected_at)
            )


def case_id_of(alert: Alert) -> str:
    """The id of the case that this alert opens, if it opens one."""
    return text(derived_id(UUID(alert.alert_id).bytes, "case"))


def _newest(alert: Alert) -> tuple[datetime, str]:
    return alert.raised_at, alert.alert_id


def _gravest(case: Case) -> tuple[int, int, datetime]:
    return SEVERITIES.index(case.severity), case.score, case.last_alert_at


def _with(case: Case | None, case_id: str, filed: FiledAlert) -> Case:
    alert, is_quiet = filed.alert, filed.quieted_by is not None
    first = Case(
        case_id=case_id,
        tenant=alert.tenant,
        entity_kind=alert.entity_kind,
        entity=alert.entity,
        status=CaseStatus.OPEN,
        severity=alert.severity,
        score=alert.score,
        alert_count=1,
        quiet_count=int(is_quiet),
        first_alert_at=alert.raised_at,
        last_alert_at=alert.raised_at,
    )
    if case is None:
        return first
    return msgspec.structs.replace(
        case,
        severity=max(case.severity, alert.severity, key=SEVERITIES.index),
        score=max(case.score, alert.score),
        alert_count=case.alert_count + 1,
        quiet_count=case.quiet_count + int(is_quiet),
        first_alert_at=min(case.first_alert_at, alert.raised_at),
        last_alert_at=max(case.last_alert_at, alert.raised_at),
    )
