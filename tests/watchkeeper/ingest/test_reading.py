from pathlib import Path

import pytest

from watchkeeper.errors import Failure
from watchkeeper.ingest import reading
from watchkeeper.ingest.mapping import Column, Constant, Moment, Scaled, Template, TimeForm

GOOD = """\
name: shop
title: A shop's own list
recognise: [who, cents, day, kind]
fields:
  account_id: {template: "acc-{who}"}
  type: {column: kind, values: {P: card_payment, C: cash_out}}
  direction: {constant: debit}
  amount_minor: {column: cents}
  currency: {constant: EUR}
  occurred_at: {column: day, time: day-number, start: 2026-01-31, step: 90s}
  channel: {constant: card}
"""
COLUMNS = ("who", "cents", "day", "kind")


def written(folder: Path, text: str) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text)
    return path


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(reading.WrongMapping) as caught:
        reading.read_mapping(written(folder, text), COLUMNS)
    return str(caught.value).replace(str(folder), "")


def test_a_mapping_says_where_each_field_comes_from(tmp_path: Path) -> None:
    fields = reading.read_mapping(written(tmp_path, GOOD), COLUMNS).fields
    assert fields["account_id"] == Template("acc-{who}", ("who",))
    assert fields["type"] == Column("kind", {"P": "card_payment", "C": "cash_out"})
    assert fields["direction"] == Constant("debit")
    assert fields["amount_minor"] == Scaled("cents", 1.0)
    moment = fields["occurred_at"]
    assert isinstance(moment, Moment)
    assert (moment.form, moment.step_seconds) == (TimeForm.DAY_NUMBER, 90)
    assert moment.start_instant.isoformat() == "2026-01-31T00:00:00+00:00"


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = (
        GOOD.replace("account_id: {template", "acount_id: {template")
        .replace("column: cents}", "column: centz}")
        .replace("direction: {constant: debit}", "direction: {constant: debet}")
        .replace("time: day-number", "time: day-numbre")
    )
    said = mistakes(tmp_path, text)
    assert "/mapping.yaml:5:3" in said
    assert 'there is no field "acount_id"; did you mean "account_id"?' in said
    assert '/mapping.yaml:8:26 [fields.amount_minor.column]: the file has no column "centz"' in said
    assert 'did you mean "cents"?' in said
    assert "/mapping.yaml:7:25 [fields.direction.constant]" in said
    assert 'did you mean "debit"?' in said
    assert 'did you mean "day-number"?' in said


def test_a_field_that_every_transaction_needs_must_be_mapped(tmp_path: Path) -> None:
    said = mistakes(tmp_path, GOOD.replace("  currency: {constant: EUR}\n", ""))
    assert "[fields.currency]: the key is missing; every transaction needs it" in said


def test_ids_are_not_for_a_mapping_to_say(tmp_path: Path) -> None:
    said = mistakes(tmp_path, GOOD + "  transaction_id: {column: who}\n")
    assert "ids are made from the file and the row" in said


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("{constant: 1, column: who}", "say one of constant, column, template"),
        ("{}", "say one of constant, column, template"),
        ("{template: plain}", "name at least one column"),
        ('{template: "a-{nobody}"}', 'the file has no column "nobody"'),
        ("{column: who, scael: 100}", 'unknown key "scael"'),
        ("just text", "expected keys with values"),
    ],
)
def test_a_wrong_origin_is_named(tmp_path: Path, wrong: str, reason: str) -> None:
    assert reason in mistakes(tmp_path, GOOD + f"  device_id: {wrong}\n")


def test_a_start_needs_days_to_count(tmp_path: Path) -> None:
    text = GOOD.replace("time: day-number, start: 2026-01-31, step: 90s", "time: iso, step: 90s")
    assert "only with time: day-number" in mistakes(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(reading.WrongMapping, match="No such file"):
        reading.read_mapping(tmp_path / "none.yaml", None)


def test_the_shipped_mappings_have_no_mistake_and_names_of_their_own() -> None:
    names = [mapping.name for mapping in reading.shipped()]
    assert sorted(set(names)) == names
    assert len(names) >= 2


def test_a_shipped_mapping_is_known_by_the_columns_of_the_file() -> None:
    card = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]
    assert reading.recognised(card).name == "card-payments-handbook"
    transfers = ["sourceNodeId", "targetNodeId", "value", "time"]
    assert reading.recognised(transfers).name == "transfers-amlsim"


def test_a_file_that_no_mapping_knows_is_refused_with_what_is_known() -> None:
    with pytest.raises(Failure, match=r"No mapping .* knows a file with a, b") as caught:
        reading.recognised(["a", "b"])
    assert "TX_AMOUNT" in caught.value.mend
