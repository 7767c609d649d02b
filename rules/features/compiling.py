"""How kernels become machine code: once, kept under the hash of the sources they are made of."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent
_config: Any = numba_config  # Its names are made at run time.


# Without numba's counting of references (`_nrt`) a kernel makes no arrays and a call of a part of
# it costs nothing: 15 instead of 270 ns an event before any work is done. Made one (`forceinline`),
# the parts no longer hand each other a hundred words of arrays: a third of the time for features.
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
    "forceinline": True,
}


def kernel(function: Function) -> Function:
    """Compile on first call; what was compiled does not hold the interpreter's lock.

    The code is kept beside the source or in the user's cache. Where neither can be written,
    nothing is kept and each start compiles anew.
    """
    return compiled(function, _folder())


def compiled(function: Function, folder: Path | None) -> Function:
    """A kernel whose code is kept in that folder, or not at all."""
    before, _config.CACHE_DIR = _config.CACHE_DIR, str(folder or "")
    try:
        found = njit(cache=folder is not None, **_OPTIONS)(function)
    finally:
        _config.CACHE_DIR = before
    return cast("Function", found)


@cache
def _folder() -> Path | None:
    """A folder for these very sources: numba itself notices changes in one file at a time only."""
    digest = sha256()
    for source in [*sorted(_HERE.glob("*.py")), _HERE.parent / "model.py"]:
        digest.update(source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    return first_writable(
        _HERE / "__pycache__" / name, Path.home() / ".cache" / "watchkeeper" / name
    )


def first_writable(*folders: Path) -> Path | None:
    """The first of the folders that is there, or can be made, and takes files."""
    return next(filter(_can_be_written, folders), None)


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError:
        return False
    return True
