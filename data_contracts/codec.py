"""How values travel: canonical JSON, fields in the order of the struct, absent where null."""

from typing import Any, TypeVar

import msgspec

from data_contracts.violation import ContractViolation

Value = TypeVar("Value", bound=msgspec.Struct)

encode = msgspec.json.Encoder().encode


def decode(raw: bytes, kind: type[Value]) -> Value:
    """Read a value that we wrote ourselves, or raise `ContractViolation`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ContractViolation("not-as-agreed", "", f"no {kind.__name__}: {error}") from None


def builtins(value: msgspec.Struct) -> Any:  # noqa: ANN401  (plain JSON types)
    """The value as dicts, lists, numbers and text."""
    return msgspec.to_builtins(value)
