"""The same words as columns: the Arrow schema of a struct, for files and data frames."""

from typing import Any

import msgspec
import pyarrow as pa
from msgspec import inspect

INSTANT = pa.timestamp("ms", tz="UTC")

_PLAIN: dict[type[inspect.Type], pa.DataType] = {
    inspect.StrType: pa.string(),
    inspect.EnumType: pa.string(),  # Files encode what repeats as a dictionary by themselves.
    inspect.IntType: pa.int64(),
    inspect.FloatType: pa.float64(),
    inspect.BoolType: pa.bool_(),
    inspect.BytesType: pa.binary(),
    inspect.DateTimeType: INSTANT,
}


class NoArrowType(TypeError):
    """A field whose type has no column: give it another one, or a rule here."""


def schema(struct: type[msgspec.Struct]) -> pa.Schema:
    """The columns of a struct in its own order; null is allowed where the struct allows None."""
    return pa.schema(_fields(struct))


def members(kind: inspect.Type) -> tuple[list[inspect.Type], bool]:
    """The types that a value may have, without None, and whether it may be None."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return [kind], isinstance(kind, inspect.NoneType)
    kinds = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    return kinds, len(kinds) < len(kind.types)


def _fields(struct: type[msgspec.Struct]) -> list["pa.Field[pa.DataType]"]:
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    return [_field(field.encode_name, field.type) for field in found.fields]


def _field(name: str, kind: inspect.Type) -> "pa.Field[pa.DataType]":
    kinds, may_be_null = members(kind)
    # No file format has a union: number or text travels as its JSON text.
    column = _type(name, kinds[0]) if len(kinds) == 1 else pa.string()
    return pa.field(name, column, nullable=may_be_null)


def _type(name: str, kind: inspect.Type) -> pa.DataType:
    match kind:
        case inspect.VarTupleType() | inspect.ListType():
            return pa.list_(_field("element", kind.item_type))
        case inspect.DictType():
            value = _field("value", kind.value_type)
            return pa.map_(pa.string(), value)  # type: ignore[call-overload, no-any-return]  # the stubs know no nullable value
        case inspect.StructType():
            return pa.struct(_fields(kind.cls))
        case _ if type(kind) in _PLAIN:
            return _PLAIN[type(kind)]
        case _:
            raise NoArrowType(f"{name}: no column holds a {type(kind).__name__}")


_JSON: tuple[tuple[pa.DataType, dict[str, str]], ...] = (
    (pa.string(), {"type": "string"}),
    (pa.int64(), {"type": "integer"}),
    (pa.float64(), {"type": "number"}),
    (pa.bool_(), {"type": "boolean"}),
    (pa.date32(), {"type": "string", "format": "date"}),
    (pa.binary(), {"type": "string", "contentEncoding": "base64"}),
    (INSTANT, {"type": "string", "format": "date-time"}),
    (pa.timestamp("us", tz="UTC"), {"type": "string", "format": "date-time"}),
)


def row_schema(columns: pa.Schema | pa.StructType) -> dict[str, Any]:
    """The JSON Schema of one row; where null is allowed a column may also be left out."""
    fields = [columns.field(index) for index in range(len(columns.names))]
    return {
        "type": "object",
        "properties": {field.name: _json_type(field.type) for field in fields},
        "required": [field.name for field in fields if not field.nullable],
    }


def _json_type(column: pa.DataType) -> dict[str, Any]:
    if isinstance(column, pa.StructType):
        return row_schema(column)
    if isinstance(column, pa.ListType):
        return {"type": "array", "items": _json_type(column.value_type)}
    for known, json_type in _JSON:
        if column.equals(known):
            return dict(json_type)
    raise NoArrowType(f"no JSON type is known for the column type {column}")
