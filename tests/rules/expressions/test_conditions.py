"""SQL conditions: what they mean once they are read."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expressions import tree
from rules.expressions.conditions import WrongExpression, condition_of, read_condition
from rules.expressions.kinds import Kind, ValueType
from rules.expressions.naive import Known, Naive
from rules.expressions.names import Names, feature_type, fields
from rules.expressions.python_code import PythonCode, function_of, loads
from rules.instants import epoch_ms
from rules.model import Aggregate, FeatureDefinition
from tests.factories import a_transaction

NAMES = Names(
    {
        "payments": ValueType(Kind.WHOLE, 0, 2**40),
        "total": ValueType(Kind.WHOLE, 0, 2**62),
        "mean": ValueType(Kind.NUMBER, 0.0, 1e12),
        "last_country": ValueType(Kind.TEXT),
        "first_seen": ValueType(Kind.INSTANT, 946_684_800_000, 253_402_300_799_999),
    },
    {"risky"},
)
VALUES: Mapping[str, Known | None] = {
    "payments": 5,
    "total": 90_000,
    "mean": 1_000.5,
    "last_country": "FR",
    "first_seen": epoch_ms(a_transaction().occurred_at) - 60_000,
}
UNKNOWN: Mapping[str, Known | None] = dict.fromkeys(VALUES)


def answers(text: str, values: Mapping[str, Known | None] = VALUES) -> tuple[bool, bool]:
    """Whether the condition is true, and whether it is false: by the code and by walking."""
    condition = condition_of(text, NAMES)
    code = PythonCode({name: f"values[{name!r}]" for name in VALUES}, {"risky": "risky"})
    body = [
        *loads(tree.fields_of(condition)),
        f"return bool({code.true(condition)}), bool({code.true(tree.Not(condition))})",
    ]
    known = {"risky": {"FR": "entry"}, "is_valid": lambda _entry, _transaction: True}
    transaction = a_transaction(amount_minor=1_250)
    found: tuple[bool, bool] = function_of("ask", "transaction, values", body, known)(
        transaction, values
    )
    plain = {name: getattr(transaction, name) for name in fields()}
    plain |= {"occurred_at": epoch_ms(transaction.occurred_at)}
    walked = Naive(plain, values, {"risky": ["FR"]}).holds(condition)
    assert found == (walked is True, walked is False)
    return found


TRUE = [
    "channel = 'card'",
    "channel == 'card'",
    "channel != 'atm' AND type <> 'fee'",
    "amount_minor BETWEEN 1250 AND 1251",
    "amount_minor NOT BETWEEN 1 AND 1249",
    "NOT (amount_minor < 1250 OR amount_minor > 1250)",
    "payments IN (4, 5, 6)",
    "payments IN (4.5, 5)",
    "country NOT IN ('FR', 'ES')",
    "last_country IN risky",
    "country NOT IN risky",
    "device_id IS NULL",
    "merchant_id IS NOT NULL",
    "merchant_id LIKE 'merchant%'",
    "merchant_id LIKE '%-1'",
    "merchant_id LIKE '%chant%'",
    "merchant_id NOT LIKE 'x%'",
    "hour(occurred_at) = 12",
    "weekday(occurred_at) = 1",
    "occurred_at >= '2026-03-02T12:00:00Z'",
    "occurred_at = '2026-03-02T13:00:00+01:00'",
    "occurred_at - first_seen = INTERVAL '1 minute'",
    "occurred_at - first_seen < INTERVAL '2' MINUTES",
    "occurred_at - INTERVAL '1 hour' < first_seen",
    "2 * (occurred_at - first_seen) = INTERVAL '120 seconds'",
    "(occurred_at - first_seen) / INTERVAL '1 second' = 60",
    "amount_minor > mean",
    "amount_minor * 2 = 2500",
    "amount_minor - 1250 = 0",
    "-amount_minor < 0",
    "- (occurred_at - first_seen) < INTERVAL '1 second'",
    "abs(amount_minor - 2000) = 750",
    "total / payments = 18000",
    "7 / 2 = 3.5",
    "total * 10 >= amount_minor * 9",
    "coalesce(device_id, 'none') = 'none'",
    "coalesce(mean, payments) = 1000.5",
    "coalesce(payments, 0) + 1 = 6",
    "country <> last_country",
    "\"country\" = 'DE' -- a comment",
    "description IS NULL OR description = 'it''s'",
]


@pytest.mark.parametrize("text", TRUE)
def test_it_is_true(text: str) -> None:
    assert answers(text) == (True, False)


@pytest.mark.parametrize("text", TRUE)
def test_its_opposite_is_false(text: str) -> None:
    assert answers(f"NOT ({text.partition('--')[0]})") == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "payments >= 3",
        "payments IN (1, 2)",
        "payments BETWEEN 1 AND 2",
        "last_country = 'DE'",
        "last_country <> country",
        "last_country IN risky",
        "last_country LIKE 'F%'",
        "device_id = 'a'",
        "mean / 2 > 1",
        "amount_minor / (amount_minor - 1250) > 1",
        "coalesce(last_country, device_id) = 'DE'",
        "occurred_at - first_seen < INTERVAL '1 hour'",
        "payments >= 3 AND amount_minor > 0 * payments",
        "hour(first_seen) < 5",
    ],
)
def test_it_is_neither_true_nor_false_where_a_value_is_unknown(text: str) -> None:
    assert answers(text, UNKNOWN) == (False, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payments >= 3 OR amount_minor = 1250", (True, False)),
        ("payments >= 3 AND amount_minor = 9", (False, True)),
        ("payments IS NULL", (True, False)),
        ("coalesce(payments, 7) = 7", (True, False)),
        ("NOT (payments >= 3 AND amount_minor = 9)", (True, False)),
    ],
)
def test_what_is_known_settles_it(text: str, expected: tuple[bool, bool]) -> None:
    assert answers(text, UNKNOWN) == expected


def test_whole_numbers_that_could_overflow_become_floats() -> None:
    condition = condition_of("total * 4 > 1", NAMES)
    assert isinstance(condition, tree.Compare)
    assert isinstance(condition.left, tree.Arithmetic)
    assert isinstance(condition.left.left, tree.ToNumber)
    assert condition.right == tree.Literal(1.0, Kind.NUMBER)


def test_whole_numbers_that_cannot_overflow_stay_whole() -> None:
    condition = condition_of("amount_minor * 4 > 9", NAMES)
    assert isinstance(condition, tree.Compare)
    assert condition.right == tree.Literal(9, Kind.WHOLE)


def test_what_lint_complains_of_is_still_read_where_it_was_accepted() -> None:
    for text in ("amount_minor >= 1", "channel = 'telex'", "account_id IS NOT NULL"):
        assert isinstance(condition_of(text, NAMES), tree.Compare | tree.Not)


@pytest.mark.parametrize(
    "text",
    [
        "unknown_name = 1",
        "amount_minor = 'x'",
        "a b c",
        "SELECT 1",
        "amount_minor BETWEEN SYMMETRIC 9 AND 1",
        "country IN unnest(merchant_country)",
        "merchant_id LIKE 'a%' ESCAPE 'b'",
        "hour(DISTINCT occurred_at) = 1",
        "country[1] = 'D'",
        "country IN (SELECT 'DE')",
        "amount_minor <=> 1",
        "E'DE' = country",
        "merchant_id ~ 'x'",
        "amount_minor > 1 COLLATE nocase",
        "count(*) > 1",
        "sum(amount_minor) OVER () > 1",
    ],
)
def test_what_has_no_meaning_is_never_read(text: str) -> None:
    with pytest.raises(WrongExpression):
        condition_of(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3_000 + "amount_minor > 1" + ")" * 3_000,
        " AND ".join(["amount_minor > 1"] * 200),
        "NOT " * 900 + "amount_minor > 1",
        "amount_minor > " + "-" * 900 + "1",
        "amount_minor > 1" + " + 1" * 900,
        "x" * 4_001,
    ],
)
def test_an_endless_expression_is_answered(text: str) -> None:
    found: list[str] = []
    condition = read_condition(text, NAMES, lambda _at, message, _hint: found.append(message))
    assert (condition is None) is bool(found)


@given(st.text(alphabet="amount_ir>='()%,.+-*/1 \n;ANDORNT", max_size=40))
def test_any_text_is_read_or_explained(text: str) -> None:
    found: list[str] = []
    condition = read_condition(text, NAMES, lambda _at, message, _hint: found.append(message))
    assert (condition is None) is bool(found)


@given(st.text(max_size=30))
def test_any_characters_are_read_or_explained(text: str) -> None:
    offsets: list[int] = []
    condition = read_condition(text, NAMES, lambda at, _message, _hint: offsets.append(at))
    assert (condition is None) is bool(offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)


@pytest.mark.parametrize(
    ("aggregate", "of", "kind"),
    [
        (Aggregate.COUNT, None, Kind.WHOLE),
        (Aggregate.SUM, "amount_minor", Kind.WHOLE),
        (Aggregate.AVG, "amount_minor", Kind.NUMBER),
        (Aggregate.MAX, "latitude", Kind.NUMBER),
        (Aggregate.LAST, "country", Kind.TEXT),
        (Aggregate.DISTINCT, "country", Kind.WHOLE),
        (Aggregate.FIRST_SEEN, None, Kind.INSTANT),
    ],
)
def test_a_feature_has_the_type_of_what_it_is_made_of(
    aggregate: Aggregate, of: str | None, kind: Kind
) -> None:
    key = ("account_id",)
    definition = FeatureDefinition(
        name="x", aggregate=aggregate, of=of, by=key, at=key, window_ms=60_000
    )
    assert feature_type(definition).kind is kind


def test_the_fields_are_those_of_the_contract() -> None:
    assert fields()["amount_minor"].kind is Kind.WHOLE
    assert fields()["latitude"].is_nullable
    assert not fields()["account_id"].is_nullable
    assert fields()["channel"].words == ("card", "online", "mobile", "branch", "atm", "api")
    assert fields()["country"].length == 2
    assert fields()["received_at"].kind is Kind.INSTANT
