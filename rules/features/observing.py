"""The kernel: events one after the other, and for each of them one feature after the other."""

from rules.features import rings, sets
from rules.features.blocks import forget
from rules.features.compiling import kernel
from rules.features.memory import Answers, Code, Feature, Kind, Memory, Records, Work
from rules.features.prefetching import ask_ahead
from rules.model import LATENESS_MS_MAX

_EMPTY, _LATE = int(Code.EMPTY), int(Code.LATE)
_SET = int(Kind.SET)

_remember_in_ring, _answer_of_ring = rings.remember, rings.answer
_remember_in_set, _answer_of_set = sets.remember, sets.answer


@kernel
def _is_counted(feature: Feature, work: Work, event: int) -> bool:
    """Whether `where` is true and the field is not null."""
    if feature.mask >= 0 and not (work.masks[event, feature.mask] >> feature.bit) & 1:
        return False
    has_value = work.cells[event, feature.null_column] != feature.null
    return bool(feature.null_column < 0 or has_value)


@kernel
def _remember(feature: Feature, memory: Memory, member: int, work: Work, event: int) -> bool:
    """Remember an event under its key; no where the pool has to grow first."""
    row, occurred = work.rows_by[event], work.occurred[event]
    if row < 0:
        return True
    header = memory.headers[row, member]
    if work.clock[event] - header.touched > feature.forget_after:
        forget(memory, header)
    header.touched = work.clock[event]
    if occurred < header.highest - LATENESS_MS_MAX:
        return True
    header.highest = max(header.highest, occurred)
    if not _is_counted(feature, work, event):
        return True
    if feature.kind == _SET:
        value = work.cells[event, feature.column]
        return _remember_in_set(feature, memory, header, value, work.ticks[feature.ticks, event])
    return _remember_in_ring(feature, memory, header, work, event)


@kernel
def _look(
    feature: Feature, memory: Memory, member: int, work: Work, answers: Answers, event: int
) -> int:
    row = work.rows_at[feature.at, event]
    if row < 0:
        return _EMPTY
    header = memory.headers[row, member]
    if work.clock[event] - header.touched > feature.forget_after:
        return _EMPTY
    occurred = work.occurred[event]
    if occurred < header.highest - LATENESS_MS_MAX:
        return _LATE
    if header.size < 0:
        return _EMPTY
    tick = work.ticks[feature.ticks, event]
    if feature.kind == _SET:
        return _answer_of_set(feature, memory, header, tick, answers, event)
    return _answer_of_ring(feature, memory, header, tick, answers, event)


@kernel
def observe(features: Records, memory: Memory, work: Work, answers: Answers, start: int) -> int:
    """Remember and answer from step `start` on; stops at one for which the pool has to grow.

    A step is an event and a feature: event * number of features + feature.
    """
    many, first = features.shape[0], start % features.shape[0]
    for event in range(start // many, work.occurred.shape[0]):
        ask_ahead(features, memory, work, event)
        for member in range(first, many):
            feature = features[member]
            if feature.is_current_included and not _remember(feature, memory, member, work, event):
                return int(event * many + member)
            code = _look(feature, memory, member, work, answers, event)
            answers.codes[feature.number, event] = code
            if not (feature.is_current_included or _remember(feature, memory, member, work, event)):
                return int(event * many + member)
        first = 0
    return int(work.occurred.shape[0] * many)
