"""Memory asked for before it is needed, while events before are worked on: it answers nothing.

The memory of a key is anywhere; waiting for it takes longer than all that is done with it.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from rules.features.compiling import kernel
from rules.features.memory import Memory, Records, Work

HEADERS_AHEAD, BLOCKS_AHEAD = 8, 4  # Events; a block is found through its header.
_TO_WRITE, _TO_KEEP, _DATA = 1, 3, 1  # What the processor is told.

_typed: Any = types  # Numba comes without types.
_code: Any = cgutils


def _asked(context: Any, array: Any, index: Any) -> Any:  # noqa: ANN401  (numba's own)
    """Ask for the element of an array, its place counted in elements from the first."""
    del context

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (numba's own)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer, number = _code.voidptr_t, _code.int32_t
        place = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        kind = _code.ir.FunctionType(_code.ir.VoidType(), [pointer, number, number, number])
        prefetch = _code.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [place, number(_TO_WRITE), number(_TO_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return _typed.none(array, index), generated


_ask: Any = intrinsic(_asked)


@kernel
def ask_ahead(features: Records, memory: Memory, work: Work, event: int) -> None:
    """Ask for what the events a little later will need."""
    many, last = features.shape[0], work.occurred.shape[0] - 1
    row = work.rows_by[min(event + HEADERS_AHEAD, last)]
    for member in range(many if row >= 0 else 0):
        _ask(memory.headers, row * many + member)
    row = work.rows_by[min(event + BLOCKS_AHEAD, last)]
    for member in range(many if row >= 0 else 0):
        header = memory.headers[row, member]
        if header.size >= 0:
            newest = header.head + header.count - 1
            newest -= header.room if newest >= header.room else 0
            _ask(memory.pool, header.offset + newest * features[member].stride)
