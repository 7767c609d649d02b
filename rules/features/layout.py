"""The layout of a transaction's canonical bytes: its fields in their order, and what is plain."""

from enum import IntEnum
from functools import cache, lru_cache
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from msgspec import inspect
from numpy.typing import NDArray

from data_contracts.money import currencies
from data_contracts.transaction import Transaction
from rules.features.fields import PLACES

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

CODE_BASE = 257
CODED_BYTES_MAX = 16
_WRAP = 1 << 64
INSTANTS = ("occurred_at", "received_at")


class Form(IntEnum):
    """How a field is written, and what a plain one looks like."""

    IDENTIFIER = 0  # Printable ASCII without spaces.
    FREE = 1  # Spaces too.
    WORD = 2  # One of a few.
    COUNTRY = 3
    CATEGORY = 4
    ADDRESS = 5
    WHOLE = 6
    INSTANT = 7
    PLACE = 8


FIELD = np.dtype(
    [
        ("form", np.int32),
        ("shortest", np.int32),  # In characters.
        ("longest", np.int32),  # Or the number that a place is at most.
        ("is_required", np.int32),
        ("name_begin", np.int32),  # Where `"name":` stands among the names.
        ("name_end", np.int32),
        ("codes_begin", np.int32),  # Where its words stand among the codes.
        ("codes_end", np.int32),
        ("number", np.int32),  # Which of the instants, or of the places, it is.
    ],
    align=True,
)

_FORMS = {
    "counterparty_country": Form.COUNTRY,
    "merchant_country": Form.COUNTRY,
    "country": Form.COUNTRY,
    "merchant_category": Form.CATEGORY,
    "ip": Form.ADDRESS,
    "description": Form.FREE,
}


class Layout(NamedTuple):
    """The fields in their order, their names with quotes and colon, and the codes of words."""

    fields: NDArray[np.void]
    names: Bytes
    codes: Ints


NAMES = Transaction.__struct_fields__
FIELD_OF = dict(zip(NAMES, count(), strict=False))


@lru_cache(maxsize=65_536)
def code_of(text: str) -> int:
    """A number for a short text: different for all of up to seven bytes, and for all our words."""
    code = 0
    for character in text.encode():
        code = (code * CODE_BASE + character) % _WRAP
    return code - _WRAP if code >= _WRAP // 2 else code


@lru_cache(maxsize=65_536)
def text_of(code: int) -> str:
    """The text of up to seven bytes, or our word, that has this number."""
    known = _words_by_code().get(code)
    if known is not None:
        return known
    found, rest = b"", code
    while rest > 0:
        rest, character = divmod(rest, CODE_BASE)
        found = bytes([character]) + found
    return found.decode()


@cache
def _words_by_code() -> dict[int, str]:
    contract = inspect.type_info(Transaction)
    assert isinstance(contract, inspect.StructType)
    words = (_words(item.encode_name, _known(item.type)) for item in contract.fields)
    return {code_of(word): word for found in words for word in found}


def is_coded(field: str) -> bool:
    """Whether the text of this field has a number by which it is compared."""
    found = layout().fields[FIELD_OF[field]]
    return int(found["form"]) in {Form.WORD, Form.COUNTRY, Form.CATEGORY}


@cache
def layout() -> Layout:
    """The layout, read off the contract."""
    contract = inspect.type_info(Transaction)
    assert isinstance(contract, inspect.StructType)
    fields, names, codes = np.zeros(len(NAMES), FIELD), b"", list[int]()
    for line, item in zip(fields, contract.fields, strict=True):
        line["name_begin"], line["codes_begin"] = len(names), len(codes)
        names += f'"{item.encode_name}":'.encode()
        codes += sorted(map(code_of, _words(item.encode_name, _known(item.type))))
        line["name_end"], line["codes_end"] = len(names), len(codes)
        line["is_required"] = item.required
        for name, value in _shape(item.encode_name, _known(item.type)).items():
            line[name] = value
    return Layout(fields, np.frombuffer(names, np.uint8), np.array(codes, np.int64))


def _known(found: inspect.Type) -> inspect.Type:
    """The type without null."""
    if isinstance(found, inspect.UnionType):
        return next(item for item in found.types if not isinstance(item, inspect.NoneType))
    return found


def _words(name: str, found: inspect.Type) -> list[str]:
    if isinstance(found, inspect.EnumType):
        return [str(word) for word in found.cls]
    return list(currencies()) if name == "currency" else []


def _shape(name: str, found: inspect.Type) -> dict[str, Any]:
    match found:
        case inspect.EnumType():
            return {"form": Form.WORD, "shortest": 1, "longest": CODED_BYTES_MAX}
        case inspect.StrType(min_length=low, max_length=high):
            form = Form.WORD if name == "currency" else _FORMS.get(name, Form.IDENTIFIER)
            return {"form": form, "shortest": low or 0, "longest": high}
        case inspect.IntType():
            return {"form": Form.WHOLE}
        case inspect.DateTimeType():
            return {"form": Form.INSTANT, "number": INSTANTS.index(name)}
        case inspect.FloatType(le=most):
            return {"form": Form.PLACE, "number": PLACES.index(name), "longest": most}
        case _:
            raise TypeError(f"no form for {found}")
