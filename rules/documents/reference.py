"""The reference of the rule language as a page, made of what the readers and compilers know."""

from collections.abc import Iterator

from rules.documents.descriptions import DESCRIPTIONS, TITLES
from rules.documents.schema import KINDS, keys_of
from rules.expressions.kinds import Kind, ValueType
from rules.expressions.names import fields
from rules.expressions.values import FUNCTIONS
from rules.features.fields import TEXT_BYTES
from rules.forms import Asked, Nesting, Schema
from rules.model import CAPACITY_DEFAULT, DISTINCT_CAPACITY_DEFAULT

HEAD = """\
# Reference of the rule language

Written by `watchkeeper rules schema --reference docs/rules-reference.md`; a test holds it to the
code. The guide is [rules.md](rules.md). The same keys stand in `rules/schema/*.json`, with which
editors complete and check.
"""
FILES = {
    "rule": "`catalogue/<typology>/<id>.yaml`",
    "features": "`features.yaml`",
    "list": "`lists/<id>.yaml`",
    "policy": "`policy.yaml`",
    "budget": "`budget.yaml` (may be left out)",
}
MEANINGS = {
    "abs": "a number or duration without its sign",
    "coalesce": "the first of several values that is known",
    "hour": "the hour of an instant in UTC, 0 to 23",
    "weekday": "the day of the week of an instant in UTC, 1 (Monday) to 7",
}
OPERATORS = (
    ("`=` `<>` `!=` `<` `<=` `>` `>=`", "compare two values of a kind; texts are only `=` or `<>`"),
    ("`x BETWEEN a AND b`", "`x >= a AND x <= b`"),
    ("`x IN ('a', 'b')`, `x NOT IN (…)`", "one of some plain values"),
    ("`x IN a_list`", "has an entry on a reference list, valid when the transaction occurred"),
    ("`x LIKE 'begin%'`, `'%end'`, `'%middle%'`", "a text that begins, ends, holds"),
    ("`x IS NULL`, `x IS NOT NULL`", "whether it is unknown"),
    ("`AND` `OR` `NOT` `( )`", "join conditions"),
    ("`+` `-` `*` `/`", "compute; `a / b` is unknown where `b` is as good as zero"),
    ("`INTERVAL '10 minutes'`", "a duration: milliseconds, seconds, minutes, hours, days"),
    ("`'2026-03-01T00:00:00Z'`", "an instant, beside one"),
)


def reference() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    for kind in KINDS:
        yield f"## {TITLES[kind]}\n\nFile: {FILES[kind]}\n"
        yield from _table("key", "", "meaning", "value")
        for path, asked in keys_of(kind):
            if _is_shown(path):
                yield _row(kind, path, asked)
        yield ""
    yield "## Conditions\n"
    yield from _table("write", "meaning")
    yield from (f"| {written} | {meaning} |" for written, meaning in OPERATORS)
    yield from (f"| `{name}(…)` | {MEANINGS[name]} |" for name in FUNCTIONS)
    yield "\n## Fields of a transaction\n"
    yield from _table("field", "kind", "may be unknown", "key of a feature")
    for name, found in fields().items():
        unknown, key = "yes" if found.is_nullable else "", "yes" if name in TEXT_BYTES else ""
        yield f"| `{name}` | {_kind(found)} | {unknown} | {key} |"
    yield (
        f"\nUnless a feature says otherwise, it remembers {CAPACITY_DEFAULT:,} events of a key, "
        f"and `distinct` {DISTINCT_CAPACITY_DEFAULT:,} values."
    )


def _table(*headings: str) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"


def _is_shown(path: str) -> bool:
    """Events have a row for each key of their own, and one for all fields of a transaction."""
    above, _, key = path.rpartition(".")
    return above not in {"tests.history", "tests.event"} or key not in fields()


def _row(kind: str, path: str, asked: Asked) -> str:
    must = "required" if asked.is_required else ""
    meaning = DESCRIPTIONS[f"{kind}.{path}"]
    return f"| `{path}` | {must} | {meaning} | {_value(asked)} |"


def _value(asked: Asked) -> str:
    match asked.nesting:
        case Nesting.ROW:
            return "several, with the keys below"
        case Nesting.NAMED:
            return "by name, with the keys below"
        case Nesting.ONE:
            return "the keys below"
        case None:
            return _schema(asked.schema)


def _schema(schema: Schema) -> str:
    if "enum" in schema:
        words = [f"`{word}`" for word in schema["enum"]]
        return ", ".join(words) if len(words) <= len(FUNCTIONS) + 5 else "a field"
    if "anyOf" in schema:
        is_field = "enum" in schema["anyOf"][0]
        return "a field, or several" if is_field else "a text, or several"
    if "pattern" in schema:
        return "`30s`, `10m`, `24h`, `7d`"
    if "minimum" in schema:
        return f"{schema['minimum']:,.15g} to {schema['maximum']:,.15g}"
    return {"boolean": "`true` or `false`", "object": "numbers by name"}.get(
        str(schema["type"]), "text"
    )


def _kind(found: ValueType) -> str:
    if found.words:
        return " ".join(f"`{word}`" for word in found.words)
    if found.kind is Kind.WHOLE or found.kind is Kind.NUMBER:
        return f"{found.kind}, {found.low:,} to {found.high:,}"
    return f"{found.kind} of {found.length} letters" if found.length else str(found.kind)
