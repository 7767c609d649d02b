"""What each topic adds to the casework: messages in, one filing out."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import structlog

from casework.alerts import Suppressions, file, places
from casework.ports import Casebook, Filing
from casework.publications import publication_of
from casework.values import FiledAlert, Publication, Rejected, Watermark
from data_contracts.alert import Alert
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision, Verdict
from data_contracts.violation import ContractViolation
from dataflows.alerting.messages import Message, Messages, read

log = structlog.get_logger()

SuppressionsOf = Callable[[str, int, int], Suppressions]


def of_decisions(
    messages: Messages, casebook: Casebook, position: int, suppressions_of: SuppressionsOf
) -> Filing:
    """The alerts among decisions; those at positions that were met before are left out."""
    flagged, highest = _flagged(messages, position)
    decisions, rejected = read(flagged, Decision)
    by_rule_set = {
        decision.rule_set: suppressions_of(decision.rule_set, decision.cell, decision.position)
        for decision in decisions
    }
    silences = casebook.silences(places(decisions, by_rule_set.__getitem__))
    alerts, begun = file(decisions, by_rule_set.__getitem__, silences)
    return Filing(
        reached=_reached(messages, highest),
        alerts=alerts,
        silences=list(begun.values()),
        rejected=rejected,
    )


def of_operations(messages: Messages) -> Filing:
    """Alerts about the traffic itself, which come as alerts."""
    alerts, rejected = read(messages, Alert)
    filed = [FiledAlert(alert) for alert in alerts]
    return Filing(reached=_reached(messages), alerts=filed, rejected=rejected)


def of_rejections(messages: Messages) -> Filing:
    """What the scorer could not read, and rejections that are none themselves."""
    rejected = [_rejected(message) for message in messages.found]
    highest = max((one.letter.offset for one in rejected), default=-1)
    return Filing(reached=_reached(messages, highest), rejected=rejected)


def of_controls(messages: Messages) -> Filing:
    """Control records of the log; one that cannot be read is the scorer's to reject."""
    found = [publication for message in messages.found for publication in _publication(message)]
    return Filing(reached=_reached(messages, messages.next_offset - 1), publications=found)


class _Glance(msgspec.Struct, frozen=True):
    """As much of a decision as says whether to look closer: most are approvals."""

    position: int
    verdict: Verdict


_glance = msgspec.json.Decoder(_Glance).decode


def _flagged(messages: Messages, position: int) -> tuple[Messages, int]:
    """The messages to look at closer, and the highest position.

    Left out are approvals, and what is not above every earlier position: a crash sends some twice.
    """
    found = []
    for message in messages.found:
        try:
            glance = _glance(message.value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found.append(message)
            continue
        if glance.position > position:
            position = glance.position
            if glance.verdict is not Verdict.APPROVE:
                found.append(message)
    return replace(messages, found=found), position


def _reached(messages: Messages, position: int = -1) -> Watermark:
    return Watermark(messages.topic, messages.partition, position, messages.next_offset)


def _rejected(message: Message) -> Rejected:
    alone = Messages(
        topic=message.topic, partition=message.partition, next_offset=0, found=[message]
    )
    letters, unreadable = read(alone, DeadLetter)
    return unreadable[0] if unreadable else Rejected(letters[0], message.made_at)


def _publication(message: Message) -> list[Publication]:
    try:
        return [
            publication_of(
                message.partition,
                message.offset,
                message.kind or "",
                message.value,
                message.made_at,
            )
        ]
    except ContractViolation as violation:
        log.warning("no control record", position=message.offset, reason=str(violation))
        return []
