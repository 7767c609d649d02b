"""Whom a server that refuses the super-user runs as, where we are the super-user.

Three ways, the least powerful first; the first one that can run the program and write to its
folder is taken, so a checkout that only root may enter works too.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.errors import Failure

NOBODY = "nobody"
_CAPABILITIES = "+dac_override,+dac_read_search"
_TRIAL = '"$0" --version >/dev/null && test -w "$1" && test -x "$1"'


@dataclass(frozen=True, slots=True)
class Identity:
    """What stands before the command, and who has to own the files (None: we do)."""

    name: str
    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None


def choose(program: Path, folder: Path) -> Identity:
    """Find an identity that can run `program`, and give `folder` with all in it to that one."""
    for identity in identities():
        give(folder, identity)
        if _is_able(identity, program, folder):
            return identity
    raise Failure(
        f"{program.name} refuses to run as root, and no other user can run it in {folder}.",
        "Work as an ordinary user, install setpriv or unshare (package util-linux), "
        "or name a server of your own with --postgres.",
    )


def identities() -> Iterator[Identity]:
    """Every way to run a program without being the super-user, the least powerful first."""
    if os.geteuid() != 0:
        yield Identity("yourself")
        return
    nobody = pwd.getpwnam(NOBODY)
    owner = (nobody.pw_uid, nobody.pw_gid)
    setpriv, unshare = shutil.which("setpriv"), shutil.which("unshare")
    change = (f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups")
    if setpriv:
        yield Identity("nobody", (setpriv, *change), owner)
    if unshare:
        mapped = (f"--map-user={owner[0]}", f"--map-group={owner[1]}")
        yield Identity("a user namespace", (unshare, "--user", *mapped))
    if setpriv:
        # Without the secure bit access(2), which Postgres uses, would ignore the capabilities.
        enter = (f"--inh-caps={_CAPABILITIES}", f"--ambient-caps={_CAPABILITIES}")
        bits = "--securebits=+no_setuid_fixup"
        yield Identity("nobody, who may enter", (setpriv, *change, *enter, bits), owner)


def give(folder: Path, identity: Identity) -> None:
    """Make a folder and all in it the identity's own; needed only for the super-user."""
    if os.geteuid() != 0:
        return
    owner = identity.owner or (0, 0)
    if folder.stat().st_uid == owner[0]:
        return
    for path in [*folder.rglob("*"), folder]:  # The folder last: it says that all is done.
        os.chown(path, *owner, follow_symlinks=False)


def _is_able(identity: Identity, program: Path, folder: Path) -> bool:
    trial = subprocess.run(
        [*identity.prefix, "/bin/sh", "-c", _TRIAL, program, folder],
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return trial.returncode == 0
