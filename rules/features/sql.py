"""Features as DuckDB's SQL, over any table with the contract's columns and a `position`.

`log(names)` is the query of a table `log`; over it `feature(definition)` yields a row (position,
value, flag) for each transaction. What it says is what the judge (`naive.py`) says. The steps:

- `placed`: who is remembered and who looks, under which key; `value` is what counts, or null.
- `lives`: under each key what was remembered since it was last forgotten; a life is named by the
  position that it began with. Who looks where nothing is remembered falls out.
- `timed`: who is late, and from when to when a window goes. What is late counts nowhere.
- `framed`: the fast path. A frame of a window function over the life in order of time, its lower
  edge reckoned for each row. It is right where nothing before the row in the log is later in time,
  and nothing in the frame stands after it in the log: always, without ties and inversions.
- `exact`: for the rest a join with the life, on position and time; stretches as long as the window
  keep it to what is near.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.duckdb_sql import DuckdbSql
from rules.expressions.names import Names, fields
from rules.features.fields import PLACES
from rules.features.naive import FORGET_AFTER_MS
from rules.features.sql_moments import DEVIATION, MEAN, with_quotient
from rules.model import LATENESS_MS_MAX, Aggregate, FeatureDefinition

_ALWAYS = ("tenant", "occurred_at", "received_at")
_POPULATION = {
    Aggregate.COUNT: {"n": "count(value)"},
    Aggregate.SUM: {"total": "sum(value)"},
    Aggregate.AVG: {"n": "count(value)", "total": "sum(value)"},
    Aggregate.STDDEV: {
        "n": "count(value)",
        "total": "sum(value)",
        "squares": "sum(value::HUGEINT * value)",
    },
    Aggregate.MIN: {"least": "min(value)"},
    Aggregate.MAX: {"most": "max(value)"},
    Aggregate.DISTINCT: {"n": "count(DISTINCT value)"},
    Aggregate.FIRST_SEEN: {"least": "min(value)"},
    Aggregate.LAST: {"newest": "arg_max(value, moment)"},
}
_VALUE = {
    Aggregate.COUNT: "n",
    Aggregate.SUM: "total::BIGINT",
    Aggregate.AVG: MEAN,
    Aggregate.STDDEV: DEVIATION,
    Aggregate.MIN: "least",
    Aggregate.MAX: "most",
    Aggregate.DISTINCT: "n",
    Aggregate.FIRST_SEEN: "least",
    Aggregate.LAST: "newest",
}
_ZERO_WHERE_EMPTY = {Aggregate.COUNT, Aggregate.DISTINCT}


def log(names: Iterable[str], source: str = "archive", condition: str = "true") -> str:
    """The query of `log`: these fields, and instants in milliseconds."""
    chosen = ", ".join(name for name in fields() if name in {*names, *_ALWAYS})
    return f"""\
SELECT position, {chosen},
  epoch_ms(occurred_at) AS occurred_ms, max(epoch_ms(received_at)) OVER arrived AS clock_ms
FROM {source}
WHERE {condition}
WINDOW arrived AS (ORDER BY position ROWS UNBOUNDED PRECEDING)"""  # noqa: S608  (names of ours)


def fields_of(definition: FeatureDefinition) -> frozenset[str]:
    """The fields that a feature is made of."""
    where = () if definition.where is None else tree.fields_of(_condition(definition.where))
    of = () if definition.of is None else (definition.of,)
    return frozenset({*definition.by, *definition.at, *of, *where})


def feature(definition: FeatureDefinition) -> str:
    """The query of a feature's position, value and flag; it reads `log`."""
    return _Query(definition).text()


def _condition(where: str) -> tree.Condition:
    return condition_of(where, Names())


@dataclass(frozen=True, slots=True)
class _Query:
    """One feature's steps."""

    definition: FeatureDefinition

    def text(self) -> str:
        aggregate = self.definition.aggregate
        known = "coalesce(value, 0)" if aggregate in _ZERO_WHERE_EMPTY else "value"
        return f"""\
WITH placed AS (
{self._placed()}
), lives AS (
{self._lives()}
), timed AS (
{self._timed()}
), framed AS MATERIALIZED ( -- the fast path
{self._framed()}
), exact AS ( -- for what stands out of order
{self._exact()}
), measured AS (
  SELECT position, {self._names()} FROM framed
  WHERE is_look AND NOT is_late AND {self._is_fast()}
  UNION ALL
  SELECT position, {self._names()} FROM exact
), judged AS (
{self._judged()}
)
SELECT log.position, CASE WHEN flag IS NULL THEN {known} END AS value, flag
FROM log LEFT JOIN judged USING (position)"""  # noqa: S608  (names of ours)

    def _placed(self) -> str:
        definition = self.definition
        if definition.by == definition.at:
            return self._rows("true AS is_event, true AS is_look", definition.by, self._counted())
        events = self._rows("true AS is_event, false AS is_look", definition.by, self._counted())
        return f"{events}\n  UNION ALL\n{self._rows('false, true', definition.at, 'NULL')}"

    def _rows(self, part: str, key: Sequence[str], value: str) -> str:
        keys = ", ".join(f"{name} AS key_{place}" for place, name in enumerate(key))
        known = " AND ".join(f"{name} IS NOT NULL" for name in dict.fromkeys(key))
        return f"""\
  SELECT position, occurred_ms, clock_ms, {part},
    tenant, {keys}, {value} AS value
  FROM log WHERE {known}"""  # noqa: S608  (names of ours)

    def _counted(self) -> str:
        """What a transaction adds to its key, null where it does not count."""
        definition, tests = self.definition, []
        if definition.where is not None:
            tests.append(DuckdbSql().condition(_condition(definition.where)))
        value = definition.of or "1"
        if definition.of in PLACES:
            value = f"CASE WHEN {definition.of} = 0 THEN 0e0 ELSE {definition.of} END"  # One zero.
        if definition.aggregate is Aggregate.FIRST_SEEN:
            tests += [] if definition.of is None else [f"{definition.of} IS NOT NULL"]
            value = "occurred_ms"
        return f"CASE WHEN {' AND '.join(tests)} THEN {value} END" if tests else value

    def _before(self) -> str:
        """The order of what has one position: remembered before it is judged, or after."""
        return f"position, is_look{'' if self.definition.is_current_included else ' DESC'}"

    def _until(self) -> str:
        """How the position of what counts compares with that of who looks."""
        return "<=" if self.definition.is_current_included else "<"

    def _is_fast(self) -> str:
        """Whether a frame holds all that counts and nothing else."""
        return f"highest_ms <= occurred_ms AND coalesce(latest {self._until()} position, true)"

    def _lives(self) -> str:
        keys = ", ".join(["tenant", *(f"key_{place}" for place in range(len(self.definition.by)))])
        silence = self.definition.window_ms + FORGET_AFTER_MS
        return f"""\
  SELECT *, max(CASE WHEN is_event AND NOT coalesce(clock_ms - touched_ms <= {silence}, false)
      THEN position END) OVER (PARTITION BY {keys} ORDER BY {self._before()}
      ROWS UNBOUNDED PRECEDING) AS life
  FROM (
    SELECT *, max(CASE WHEN is_event THEN clock_ms END) OVER (
        PARTITION BY {keys} ORDER BY {self._before()}
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS touched_ms
    FROM placed)
  QUALIFY is_event OR clock_ms - touched_ms <= {silence}"""  # noqa: S608  (names of ours)

    def _timed(self) -> str:
        lower, upper = self._edges()
        is_last = self.definition.aggregate is Aggregate.LAST
        moment = ", occurred_ms * (1::HUGEINT << 63) + position AS moment" if is_last else ""
        return f"""\
  SELECT * REPLACE (CASE WHEN NOT is_late THEN value END AS value){moment},
    {lower} AS lower_ms, {upper} AS upper_ms
  FROM (
    SELECT *, occurred_ms < highest_ms - {LATENESS_MS_MAX} AS is_late
    FROM (
      SELECT position, occurred_ms, is_look, life, value,
        max(CASE WHEN is_event THEN occurred_ms END) OVER (
          PARTITION BY life ORDER BY {self._before()} ROWS UNBOUNDED PRECEDING) AS highest_ms
      FROM lives))"""  # noqa: S608  (names of ours)

    def _edges(self) -> tuple[str, str]:
        """The first and the last millisecond of a window."""
        window, tile = self.definition.window_ms, self.definition.tile_ms
        if tile is None:
            return f"occurred_ms - {window - 1}", "occurred_ms"
        start = f"occurred_ms - ((occurred_ms % {tile}) + {tile}) % {tile}"  # Before 1970, too.
        return f"{start} - {window - tile}", f"{start} + {tile - 1}"

    def _framed(self) -> str:
        exclude = "" if self.definition.is_current_included else " EXCLUDE CURRENT ROW"
        measures = "".join(
            f",\n    {measure} OVER frame AS {name}" for name, measure in self._measures().items()
        )
        return f"""\
  SELECT *,
    max(CASE WHEN value IS NOT NULL THEN position END) OVER frame AS latest{measures}
  FROM timed
  WINDOW frame AS (PARTITION BY life ORDER BY occurred_ms
    RANGE BETWEEN (occurred_ms - lower_ms) PRECEDING AND CURRENT ROW{exclude})"""  # noqa: S608  (names of ours)

    def _exact(self) -> str:
        moment = ", event.moment" if self.definition.aggregate is Aggregate.LAST else ""
        window = self.definition.window_ms
        measures = ", ".join(
            f"{measure} AS {name}" for name, measure in (self._measures() | self._newer()).items()
        )
        return f"""\
  SELECT position, {measures}
  FROM (
    SELECT look.position, event.value AS newer{moment},
      CASE WHEN event.occurred_ms <= look.upper_ms THEN event.value END AS value
    FROM (
      SELECT *, unnest(range(lower_ms // {window}, highest_ms // {window} + 1)) AS stretch
      FROM framed WHERE is_look AND NOT is_late AND NOT ({self._is_fast()})) AS look
    JOIN (
      SELECT *, occurred_ms // {window} AS stretch FROM framed WHERE value IS NOT NULL) AS event
      ON event.life = look.life AND event.stretch = look.stretch
      AND event.position {self._until()} look.position AND event.occurred_ms >= look.lower_ms)
  GROUP BY position"""  # noqa: S608  (names of ours)

    def _measures(self) -> dict[str, str]:
        """What is measured of a population; in a frame nothing newer is left out."""
        newer = {name: text.replace("newer", "value") for name, text in self._newer().items()}
        return _POPULATION[self.definition.aggregate] | newer

    def _newer(self) -> dict[str, str]:
        """What is measured of all that is newer than the lower edge, for the capacity."""
        if self.definition.tile_ms is None:
            return {"newer_n": "count(newer)"}
        if self.definition.aggregate is Aggregate.DISTINCT:
            return {"newer_n": "count(DISTINCT newer)"}
        return {}

    def _names(self) -> str:
        return ", ".join(self._measures())

    def _judged(self) -> str:
        aggregate = self.definition.aggregate
        of = with_quotient("measured") if aggregate is Aggregate.STDDEV else "measured"
        return f"""\
  SELECT position, {_VALUE[aggregate]} AS value,
    CASE WHEN {self._is_saturated()} THEN 'saturated' END AS flag
  FROM {of}
  UNION ALL
  SELECT position, NULL, 'late' FROM framed WHERE is_look AND is_late"""  # noqa: S608  (names of ours)

    def _is_saturated(self) -> str:
        definition = self.definition
        is_exact, is_distinct = (
            definition.tile_ms is None,
            definition.aggregate is Aggregate.DISTINCT,
        )
        tests = [f"newer_n > {definition.capacity}"] if is_exact else []
        if is_distinct:
            many = "n" if is_exact else "newer_n"
            tests.append(f"{many} > {definition.distinct_capacity}")
        return " OR ".join(tests) or "false"
