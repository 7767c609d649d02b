"""A first look at many decisions under the same rules, told by columns.

Of most transactions no rule and no list says anything. The rules are asked of every one, by the
function that decides; where they are silent all fields of the decision are known beforehand, and
are compared as columns. Whatever is not exactly as expected is left to be made again one by one.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analytics.replay.course import InForce, Types
from analytics.replay.stored import NO_DECISION, OF_TRANSACTION, fields_of_transactions
from data_contracts import ids
from rules.evaluation import NOTHING
from rules.model import Flag

Bools = NDArray[np.bool_]
Rows = list[int]

# As much of a transaction as rules ask for, in a third of the time.
_Fields: Any = namedtuple("_Fields", OF_TRANSACTION)  # type: ignore[misc]  # noqa: PYI024  (names are read off the contract)
_SHAPE = ids.text(bytes(ids.ID_BYTES))
_DIGITS = [place for place, character in enumerate(_SHAPE) if character != "-"]


def remarkable(rows: pa.Table, rules: InForce) -> Rows:
    """The rows, ascending, that are not told to be as they have to be."""
    try:
        fields = fields_of_transactions(rows)
    except NO_DECISION:
        return _in_halves(rows, rules)
    are_told = (_say_nothing(rows, rules) & _have_own_ids(rows, fields)).tolist()
    unknown = [None] * len(rows)
    transactions = zip(*(fields.get(name, unknown) for name in OF_TRANSACTION), strict=True)
    features = rows.column("features").to_pylist()
    is_silent = _asking(rules)
    return [
        row
        for row, (is_told, transaction, text) in enumerate(
            zip(are_told, transactions, features, strict=True)
        )
        if not (is_told and is_silent(transaction, text))
    ]


def _in_halves(rows: pa.Table, rules: InForce) -> Rows:
    """The same where one of the rows cannot be read."""
    half = len(rows) // 2
    if not half:
        return [0]
    behind = remarkable(rows.slice(half), rules)
    return [*remarkable(rows.slice(0, half), rules), *(half + row for row in behind)]


def _say_nothing(rows: pa.Table, rules: InForce) -> Bools:
    """Where everything but ids and features is as where the rules are silent."""
    column: Callable[[str], Any] = rows.column
    answers = [
        pc.equal(column("verdict"), pa.scalar(str(NOTHING.verdict))),
        pc.equal(column("score"), pa.scalar(NOTHING.score)),
        pc.equal(column("rule_set"), pa.scalar(rules.name)),
        *(pc.equal(_lengths(column(name)), pa.scalar(0)) for name in ("hits", "shadow_hits")),
        pc.is_null(column("list_hit")),
        _have_flags(column("flags"), dict.fromkeys(rules.warming, str(Flag.WARMING))),
    ]
    found: Bools = np.logical_and.reduce([_where(answer) for answer in answers])
    return found


def _lengths(column: Any) -> Any:  # noqa: ANN401  (untyped in the stubs)
    return pc.fill_null(pc.list_value_length(column), 0)


def _where(answers: Any) -> Bools:  # noqa: ANN401  (untyped in the stubs)
    found: Bools = pc.fill_null(answers, False).to_numpy()  # noqa: FBT003  (the value itself)
    return found


def _have_flags(column: Any, expected: dict[str, str]) -> Any:  # noqa: ANN401  (untyped in the stubs)
    """Where the text means these flags; there are few different ones."""
    same = [text for text in pc.unique(column).to_pylist() if _flags(text) == expected]
    return pc.is_in(column, value_set=pa.array(same, pa.string()))


def _flags(text: str | None) -> object:
    try:
        return {} if text is None else msgspec.json.decode(text)
    except NO_DECISION:
        return None


def _have_own_ids(rows: pa.Table, fields: Mapping[str, Sequence[Any]]) -> Bools:
    """Where the ids are those of the transaction."""
    events = list(map(ids.event_id, fields["tenant"], fields["transaction_id"]))
    decisions = [ids.derived_id(event, "decision") for event in events]
    are_of_event = pc.equal(rows.column("event_id"), _texts(events))
    return _where(are_of_event) & _where(pc.equal(rows.column("decision_id"), _texts(decisions)))


def _texts(found: Sequence[bytes]) -> Any:  # noqa: ANN401  (untyped in the stubs)
    """`ids.text` of each."""
    digits = np.frombuffer(b"".join(found).hex().encode(), np.uint8)
    texts = np.full((len(found), len(_SHAPE)), ord("-"), np.uint8)
    texts[:, _DIGITS] = digits.reshape(len(found), -1)
    ends = np.arange(len(found) + 1, dtype=np.int32) * len(_SHAPE)
    buffers = [None, *(pa.py_buffer(part.tobytes()) for part in (ends, texts))]
    return pa.Array.from_buffers(pa.string(), len(found), buffers)


def _asking(rules: InForce) -> Callable[[Any, str | None], bool]:
    """A function that says whether rules and lists are silent on a transaction and its features.

    They are not called so where a feature is not one that these rules can have seen.
    """
    screen: Callable[..., int] = rules.evaluator.screen
    make, astuple = _Fields._make, msgspec.structs.astuple
    decode = _decoder(tuple(rules.types.items()), rules.warming)

    def is_silent(transaction: Any, text: str | None) -> bool:  # noqa: ANN401  (a tuple of fields)
        try:
            values = astuple(decode(text or "{}"))
        except NO_DECISION:
            return False
        return not screen(make(transaction), values)

    return is_silent


@lru_cache(maxsize=16)
def _decoder(
    types: tuple[tuple[str, Types], ...], warming: frozenset[str]
) -> Callable[[str], msgspec.Struct]:
    """Reads features in their order; one that warms is null, and no other may be there."""
    called = {f"f{number}": name for number, (name, _) in enumerate(types)}
    fields = [
        (field, None if name in warming else reduce(or_, kinds), None)
        for (field, name), (_, kinds) in zip(called.items(), types, strict=True)
    ]
    features = msgspec.defstruct(
        "Features", fields, rename=called, forbid_unknown_fields=True, gc=False
    )
    return msgspec.json.Decoder(features).decode
