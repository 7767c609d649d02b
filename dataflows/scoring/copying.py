"""Bytes copied in one go: a loop over them in a kernel takes ten times as long."""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from rules.features.compiling import kernel
from rules.features.hashing import Bytes

_typed: Any = types  # Numba comes without types.
_code: Any = cgutils


def _copied(context: Any, source: Any, begin: Any, length: Any, out: Any, at: Any) -> Any:  # noqa: ANN401  (numba's own)
    """Copy so many bytes of one array, from a place on, to a place in another."""
    del context

    def generated(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  (numba's own)
        def pointer(array: int, index: int) -> Any:  # noqa: ANN401  (numba's own)
            found = context.make_array(signature.args[array])(context, builder, arguments[array])
            return builder.gep(found.data, [arguments[index]])

        _code.raw_memcpy(builder, pointer(3, 4), pointer(0, 1), arguments[2], 1)
        return context.get_dummy_value()

    return _typed.none(source, begin, length, out, at), generated


_copy: Any = intrinsic(_copied)


@kernel
def copy(source: Bytes, begin: int, end: int, out: Bytes, at: int) -> int:
    """Copy the bytes from `begin` to `end`, and say where the copy ends."""
    _copy(source, begin, end - begin, out, at)
    return at + end - begin
