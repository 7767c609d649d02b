"""What is let through of sqlglot's nodes, and with which of their arguments.

A node can say more than its type does (`NOT LIKE`, `BETWEEN SYMMETRIC`): an argument that is not
named here must be empty, or we would read something else than what was written.
"""

from sqlglot import exp

_OPERAND = frozenset({"this"})
_BOTH = frozenset({"this", "expression"})

ARGUMENTS: dict[type[exp.Expression], frozenset[str]] = {
    exp.Abs: _OPERAND,
    exp.Add: _BOTH,
    exp.And: _BOTH,
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Column: _OPERAND,
    exp.Div: _BOTH,
    exp.EQ: _BOTH,
    exp.GT: _BOTH,
    exp.GTE: _BOTH,
    exp.Hour: _OPERAND,
    exp.In: frozenset({"this", "expressions", "field"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.Is: frozenset({"this", "expression", "negate"}),
    exp.LT: _BOTH,
    exp.LTE: _BOTH,
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Mul: _BOTH,
    exp.NEQ: _BOTH,
    exp.Neg: _OPERAND,
    exp.Not: _OPERAND,
    exp.Or: _BOTH,
    exp.Paren: _OPERAND,
    exp.Sub: _BOTH,
}


def surplus(node: exp.Expression) -> str:
    """The first argument that is not let through, or nothing."""
    known = ARGUMENTS[type(node)]
    return next((name for name, value in node.args.items() if value and name not in known), "")
