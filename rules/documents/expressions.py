"""Expressions in YAML: read at a key, their mistakes placed at the character in the file."""

from rules.expressions import tree
from rules.expressions.conditions import read_condition
from rules.expressions.names import Names
from rules.expressions.possible import contradiction
from rules.forms import Form


def read_expression(
    form: Form, key: str, names: Names, usual_hint: str = ""
) -> tree.Condition | None:
    """Read the condition at a key; None where it is missing or wrong."""
    scalar = form.scalar(key)
    if scalar is None:
        return None

    def report(offset: int, message: str, hint: str) -> None:
        form.mistakes.add(scalar.place_at(offset), form.called(key), message, hint or usual_hint)

    condition = read_condition(scalar.text, names, report)
    fault = None if condition is None else contradiction(condition, names)
    if fault is not None:
        report(0, fault, "compare with values that can occur together")
    return condition


def condition_text(form: Form, key: str) -> str:
    """The condition as the canonical form keeps it: on one line where it has no comment."""
    text = form.text(key, required=False)
    return text if "--" in text or "'" in text else " ".join(text.split())
