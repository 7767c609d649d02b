"""A mapping: for each field of a transaction, where in a row of the file its value comes from."""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

FILE_MARK = "file"  # `{file}` in a template: letters that belong to the file's content.


class TimeForm(StrEnum):
    """How a column tells the time."""

    UTC = "utc"  # a timestamp; one without a zone is taken as UTC
    ISO = "iso"  # text in ISO 8601
    EPOCH_SECONDS = "epoch-seconds"
    EPOCH_MILLISECONDS = "epoch-milliseconds"
    DAY_NUMBER = "day-number"  # days after `start`


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: str | int | float


@dataclass(frozen=True, slots=True)
class Column:
    """The value of a column; with `values`, what stands there is looked up in it."""

    column: str
    values: Table[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """Text around columns, as `terminal-{TERMINAL_ID}`; null where one of them is."""

    text: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number times `scale`, rounded to a whole one; rows with nought may be left out."""

    column: str
    scale: float
    skips_zero: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A time; each row `step_seconds` later within its day, for files that know the day alone."""

    column: str
    form: TimeForm
    start: date = date(1970, 1, 1)
    step_seconds: int = 0

    @property
    def start_instant(self) -> datetime:
        """Midnight in UTC of the day from which days are counted."""
        return datetime.combine(self.start, time(), UTC)


Origin = Constant | Column | Template | Scaled | Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What the file is, how it is recognised, and its fields."""

    name: str
    title: str
    recognise: tuple[str, ...]
    fields: Table[str, Origin]

    def columns(self) -> tuple[str, ...]:
        """The columns that have to be read, each once."""
        found = [column for origin in self.fields.values() for column in _columns(origin)]
        return tuple(dict.fromkeys(found))


def _columns(origin: Origin) -> tuple[str, ...]:
    match origin:
        case Constant():
            return ()
        case Template():
            return tuple(column for column in origin.columns if column != FILE_MARK)
        case Column() | Scaled() | Moment():
            return (origin.column,)
