import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
from rich.console import Console

from watchkeeper import answers

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
TABLE = pa.table(
    {
        "verdict": ["approve", "=1+1"],
        "amount": pa.array([Decimal("12.5000"), None], pa.decimal128(18, 4)),
        "at": pa.array([AT, AT], pa.timestamp("us", "UTC")),
        "day": [date(2026, 3, 2)] * 2,
        "rules": [["a", "b"], []],
        "is_shadow": [True, False],
        "score": [-1, 2],
    }
)


def test_json_is_one_line_with_numbers_as_numbers() -> None:
    line = answers.as_json(TABLE)

    assert "\n" not in line
    first, second = json.loads(line)
    assert first["amount"] == 12.5
    assert first["rules"] == ["a", "b"]
    assert first["at"] == "2026-03-02T12:00:00Z"
    assert second["amount"] is None


def test_csv_has_no_formula_and_keeps_numbers() -> None:
    file = io.StringIO()

    answers.write_csv(TABLE, file)

    header, first, second = file.getvalue().splitlines()
    assert header == "verdict,amount,at,day,rules,is_shadow,score"
    assert first.startswith("approve,12.5000,2026-03-02T12:00:00+00:00,2026-03-02,")
    assert first.endswith(",-1")
    assert second.startswith("'=1+1,,")


def test_a_table_is_short_where_it_can_be() -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(answers.as_table(TABLE))

    assert isinstance(console.file, io.StringIO)
    _, first, second = console.file.getvalue().splitlines()
    assert first.split() == [
        *("approve", "12.50", "2026-03-02", "12:00:00", "2026-03-02", '["a","b"]', "true", "-1")
    ]
    assert "null" in second
