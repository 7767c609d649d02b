"""Many conditions over a transaction alone, answered by one function as the bits of a number."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.expressions.python_code import PythonCode, function_of, loads

REMEMBERED_CONDITIONS_MAX = 65_536


def compile_masks(conditions: Sequence[str]) -> Callable[[Transaction], int]:
    """Bit i of the answer says that condition i is true of the transaction."""
    trees = [condition_of(text, Names()) for text in conditions]
    fields = frozenset(name for found in trees for name in tree.fields_of(found))
    tests = [
        f"if {PythonCode().true(found)}: mask |= {1 << number}"
        for number, found in enumerate(trees)
    ]
    body = [*loads(fields), "mask = 0", *tests, "return mask"]
    return function_of("masks", "transaction", body, {})


@lru_cache(maxsize=REMEMBERED_CONDITIONS_MAX)
def _mask(condition: str) -> Callable[[Transaction], int]:
    return compile_masks([condition])


def holds(condition: str, transaction: Transaction) -> bool:
    """Whether a condition over fields is true of a transaction; what was compiled is remembered."""
    return _mask(condition)(transaction) == 1
