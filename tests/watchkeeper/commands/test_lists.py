"""How a person writes an instant."""

from datetime import UTC, datetime

import pytest
import typer

from watchkeeper.commands.lists import instant

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", "2026-04-01T12:00:00.000+00:00"),
        ("90m", "2026-03-02T13:30:00.000+00:00"),
        ("2027-01-01", "2027-01-01T00:00:00.000+00:00"),
        ("2027-01-01T01:30:00+02:00", "2026-12-31T23:30:00.000+00:00"),
        (None, None),
    ],
)
def test_an_instant_is_a_day_a_time_or_from_now(text: str | None, expected: str | None) -> None:
    assert instant(text, NOW) == expected


@pytest.mark.parametrize("text", ["soon", "30x", "2027-13-01", ""])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30d"):
        instant(text, NOW)
