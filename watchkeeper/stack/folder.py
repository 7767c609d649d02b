"""The data folder: what stands where in it. No one but its owner reads any of it."""

import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SOCKET_PATH_BYTES_MAX = 100  # The system's limit is 104 to 108.
UMASK = 0o077


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths below the data folder."""

    data: Path

    @property
    def descriptor(self) -> Path:
        """Where the stack is and how to get in; there while it runs."""
        return self.data / "stack.json"

    @property
    def memory(self) -> Path:
        """Secrets and ports, kept from one start to the next."""
        return self.data / "memory.json"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """The supervisor's configuration, lock and process number."""
        return self.data / "run"

    @property
    def socket(self) -> Path:
        """Where the supervisor listens; elsewhere if the path would be too long for a socket."""
        near = self.run / "supervisor.sock"
        if len(os.fsencode(near)) <= SOCKET_PATH_BYTES_MAX:
            return near
        digest = sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"watchkeeper-{os.geteuid()}-{digest}.sock")

    def log(self, process: str) -> Path:
        """The log of one process."""
        return self.logs / f"{process}.log"

    def make(self) -> None:
        """Create what is missing.

        The super-user's folder may be passed through, not read: Postgres then runs as `nobody`.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for path in (self.logs, self.run):
            path.mkdir(mode=0o700, exist_ok=True)


def write_privately(path: Path, content: bytes) -> None:
    """Replace a file at once, readable by its owner only."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
