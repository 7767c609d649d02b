"""How things are named in a catalogue."""

import re

NAME_PATTERN = "[a-z][a-z0-9_]{0,62}"
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
ID_LENGTH_MAX = 64

NAME = "use a-z, 0-9 and _, up to 63 characters"
ID = "use words of a-z and 0-9 joined by -, up to 64 characters"


def is_name(text: str) -> bool:
    """Whether a feature or list can be called so: it has to stand in an expression."""
    return _NAME.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Whether a rule or typology can be called so: it has to stand in a path."""
    return len(text) <= ID_LENGTH_MAX and _ID.fullmatch(text) is not None
