from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from data_contracts import door
from data_contracts.transaction import TransactionRequest, TransactionType
from tests.factories import NOON
from watchkeeper import json_columns
from watchkeeper.errors import Failure
from watchkeeper.ingest import reading, rows
from watchkeeper.ingest.mapping import Column, Constant, Mapping, Moment, Origin, Scaled, TimeForm

ALL = 1_000_000
FIRST = datetime(2018, 4, 1, tzinfo=UTC)


def without_zone(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


def card_file(folder: Path, count: int = 5) -> Path:
    path = folder / "cards.parquet"
    pl.DataFrame(
        {
            "TRANSACTION_ID": range(count),
            "TX_DATETIME": [without_zone(FIRST.replace(second=i)) for i in range(count)],
            "CUSTOMER_ID": [596 + number for number in range(count)],
            "TERMINAL_ID": [3156] * count,
            "TX_AMOUNT": [57.16, 81.51, 146.0, 64.49, 0.29][:count],
            "TX_FRAUD": [0, 1, 0, 0, 0][:count],
        }
    ).write_parquet(path)
    return path


def transfer_file(folder: Path, first_amount: float = 147.8) -> Path:
    path = folder / "transfers.parquet"
    pl.DataFrame(
        {
            "sourceNodeId": [280, 249, 166],
            "targetNodeId": [15349, 9015, 9955],
            "value": [first_amount, 104.06, 183.77],
            "time": [1, 1, 149],
        }
    ).write_parquet(path)
    return path


def sent(path: Path, limit: int = ALL) -> list[TransactionRequest]:
    file = rows.ParquetFile.at(path)
    mapping = reading.recognised(file.columns)
    items = [
        item
        for frame in file.reading(mapping, limit).frames()
        for body, _ in json_columns.bodies(json_columns.rendered(frame), 1_000)
        for item in door.parse_batch(body)
    ]
    assert all(isinstance(item, TransactionRequest) for item in items)
    return [item for item in items if isinstance(item, TransactionRequest)]


def test_a_card_payment_comes_over_to_the_cent(tmp_path: Path) -> None:
    payments = sent(card_file(tmp_path))
    assert [payment.amount_minor for payment in payments] == [5716, 8151, 14600, 6449, 29]
    first = payments[0]
    assert first.type is TransactionType.CARD_PAYMENT
    assert (first.account_id, first.card_token) == ("customer-596", "card-596")
    assert (first.terminal_id, first.merchant_id) == ("terminal-3156", "merchant-3156")
    assert first.occurred_at == FIRST


def test_the_labels_of_the_file_are_never_sent(tmp_path: Path) -> None:
    file = rows.ParquetFile.at(card_file(tmp_path))
    mapping = reading.recognised(file.columns)
    assert not {"TX_FRAUD", "TX_FRAUD_SCENARIO"} & set(mapping.columns())


def test_a_transfer_is_seen_from_the_account_that_pays(tmp_path: Path) -> None:
    first, second, third = sent(transfer_file(tmp_path))
    mark = first.transaction_id[:6]
    assert (first.account_id, first.counterparty_id) == (
        f"account-{mark}-280",
        f"account-{mark}-15349",
    )
    assert (first.direction, first.amount_minor) == ("debit", 14780)
    assert first.occurred_at == datetime(2025, 1, 2, tzinfo=UTC)
    assert second.occurred_at == datetime(2025, 1, 2, 0, 1, 40, tzinfo=UTC)
    assert third.occurred_at == datetime(2025, 5, 30, 0, 3, 20, tzinfo=UTC)


def test_the_same_file_gives_the_same_ids_wherever_it_lies(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    here, there = sent(transfer_file(tmp_path)), sent(transfer_file(elsewhere))
    assert here == there
    assert len({item.transaction_id for item in here}) == 3


def test_another_content_gives_other_ids(tmp_path: Path) -> None:
    before = {item.transaction_id for item in sent(transfer_file(tmp_path))}
    after = {item.transaction_id for item in sent(transfer_file(tmp_path, first_amount=1.0))}
    assert not before & after


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    everything, some = sent(card_file(tmp_path)), sent(card_file(tmp_path), limit=2)
    assert some == everything[:2]


@pytest.mark.parametrize(("limit", "sent_rows", "skipped"), [(None, 3, 2), (2, 2, 1), (3, 3, 1)])
def test_rows_that_move_no_money_are_left_out_and_counted(
    tmp_path: Path, limit: int | None, sent_rows: int, skipped: int
) -> None:
    path = tmp_path / "cards.parquet"
    frame = pl.read_parquet(card_file(tmp_path))
    frame.with_columns(pl.Series("TX_AMOUNT", [1.0, 0.0, 2.0, 3.0, 0.004])).write_parquet(path)
    file = rows.ParquetFile.at(path)
    reading_of_it = file.reading(reading.recognised(file.columns), limit)
    amounts = [row for frame in reading_of_it.frames() for row in frame["amount_minor"]]
    assert amounts == [100, 200, 300][:sent_rows]
    assert reading_of_it.skipped == skipped


def test_rows_are_numbered_on_across_the_parts_that_are_read(tmp_path: Path) -> None:
    count = rows.ROWS_AT_ONCE + 7
    path = tmp_path / "many.parquet"
    pl.DataFrame(
        {
            "sourceNodeId": range(count),
            "targetNodeId": [1] * count,
            "value": [1.0] * count,
            "time": [1] * count,
        }
    ).write_parquet(path)
    ids = [item.transaction_id for item in sent(path)]
    assert ids[-1].endswith(f"-{count - 1:08d}")
    assert len(set(ids)) == count


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (TimeForm.UTC, [without_zone(NOON)]),
        (TimeForm.UTC, [NOON]),
        (TimeForm.ISO, ["2026-03-02T13:00:00+01:00"]),
        (TimeForm.EPOCH_SECONDS, [1_772_452_800]),
        (TimeForm.EPOCH_MILLISECONDS, [1_772_452_800_000]),
    ],
)
def test_a_time_is_read_in_every_form(form: TimeForm, values: list[object]) -> None:
    mapping = Mapping(name="x", title="x", recognise=(), fields={"occurred_at": Moment("t", form)})
    frame = rows.transactions(pl.DataFrame({"row": [0], "t": values}), mapping, "mark")
    assert frame["occurred_at"].to_list() == [NOON]


def test_what_cannot_be_read_is_left_out_so_that_the_door_names_it() -> None:
    fields: dict[str, Origin] = {
        "account_id": Constant("acc-1"),
        "type": Column("kind", {"P": "card_payment"}),
        "amount_minor": Scaled("amount", 100),
    }
    mapping = Mapping(name="x", title="x", recognise=(), fields=fields)
    frame = pl.DataFrame({"row": [0, 1], "kind": ["P", "?"], "amount": ["1.5", "much"]})
    found = rows.transactions(frame, mapping, "mark")
    assert found["type"].to_list() == ["card_payment", None]
    assert found["amount_minor"].to_list() == [150, None]


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    path.write_text("not at all")
    with pytest.raises(Failure, match="is no Parquet file"):
        rows.ParquetFile.at(path)
    with pytest.raises(Failure, match="cannot be read"):
        rows.ParquetFile.at(tmp_path / "none.parquet")
