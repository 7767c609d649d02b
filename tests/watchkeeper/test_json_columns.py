import polars as pl

from data_contracts import door
from data_contracts.transaction import TransactionRequest
from watchkeeper import json_columns

AT = "2026-03-02T12:00:00.250Z"


def a_frame(**changes: object) -> pl.DataFrame:
    columns: dict[str, object] = {
        "transaction_id": ["t-1", "t-2"],
        "account_id": ["acc-1", "acc-2"],
        "type": "transfer",
        "direction": "debit",
        "amount_minor": [1, 10**12],
        "currency": "EUR",
        "channel": "mobile",
    }
    frame = pl.DataFrame(columns | changes)
    at = pl.lit(AT).str.to_datetime(time_unit="ms", time_zone="UTC")
    return frame.with_columns(at.alias("occurred_at"))


def parsed(frame: pl.DataFrame) -> list[TransactionRequest]:
    items = door.parse_batch(json_columns.body(json_columns.rendered(frame)))
    return [item for item in items if isinstance(item, TransactionRequest)]


def test_rows_become_what_the_door_reads_as_the_same_values() -> None:
    first, second = parsed(a_frame(latitude=[52.5, None], longitude=[13.405, None]))
    assert (first.transaction_id, first.amount_minor, first.latitude) == ("t-1", 1, 52.5)
    assert (second.account_id, second.amount_minor, second.latitude) == ("acc-2", 10**12, None)
    assert first.occurred_at.isoformat(timespec="milliseconds") == "2026-03-02T12:00:00.250+00:00"


def test_a_null_is_an_absent_key() -> None:
    rows = json_columns.rendered(a_frame(device_id=["d-1", None]))
    assert '"device_id":"d-1"' in rows[0]
    assert "device_id" not in rows[1]


def test_text_that_json_must_escape_comes_through_unharmed() -> None:
    odd = ['say "so" \\ again', "tab\there, and ü"]
    assert [item.description for item in parsed(a_frame(description=odd))] == odd


def test_a_body_never_grows_beyond_what_the_api_reads() -> None:
    rows = pl.Series(["x" * 100_000] * 25)
    cut = list(json_columns.bodies(rows, 1_000))
    assert sum(count for _, count in cut) == 25
    assert all(len(body) <= json_columns.BODY_BYTES_MAX for body, _ in cut)
    assert len(cut) == 4


def test_what_the_log_keeps_is_written_as_our_own_encoder_writes_it() -> None:
    received = pl.lit("2026-03-02T12:00:01Z").str.to_datetime(time_unit="ms", time_zone="UTC")
    frame = a_frame(tenant="demo", latitude=[52.5, None], longitude=[13.0, None]).with_columns(
        received_at=received
    )

    for row in json_columns.rendered(frame, json_columns.STORED_FIELDS):
        transaction, canonical = door.parse_stored(row.encode())
        assert canonical == row.encode()
        assert transaction.tenant == "demo"
