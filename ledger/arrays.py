"""Arrays as Postgres writes them; several times as fast as letting the driver look at each item."""

from collections.abc import Iterable, Sequence

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})


def integers(items: Iterable[int]) -> str:
    """Cast it to `bigint[]`."""
    return "{" + ",".join(map(str, items)) + "}"


def texts(items: Sequence[str]) -> str:
    """Cast it to `text[]`."""
    quoted = '","'.join([item.translate(_ESCAPES) for item in items])
    return f'{{"{quoted}"}}' if items else "{}"


def uuids(items: Iterable[bytes]) -> str:
    """Cast it to `uuid[]`."""
    return "{" + ",".join([item.hex() for item in items]) + "}"
