"""An auditor's bundle: the records, the checkpoints, the public key, and how to check them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ledger.auditing import opened
from runtime.audit.chain import Record, instant
from runtime.audit.checkpoints import FILE, PUBLIC_KEY_FILE, Keys
from runtime.audit.ports import LAST
from runtime.audit.store import Store
from watchkeeper.errors import Failure

RECORDS_FILE, README_FILE = "records.jsonl", "README.md"
README = Path(__file__).with_name("audit_bundle.md")


def write(
    dsn: str, checkpoints: Path, keys: Keys, folder: Path, tell: Callable[[int], None]
) -> int:
    """Write the bundle into a folder that is new or empty; how many records it has."""
    if folder.exists() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty.", "Name a folder that is new.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(README, folder / README_FILE)
    (folder / PUBLIC_KEY_FILE).write_bytes(keys.public_pem)
    count = 0
    # The checkpoints first: every one of them is then about records that are in the bundle.
    (folder / FILE).write_bytes(_whole_lines(checkpoints / FILE))
    with opened(dsn, 1, LAST) as books, (folder / RECORDS_FILE).open("wb") as file:
        for line in _lines(Store(books.told).records()):
            file.write(line)
            count += 1
            tell(count)
    return count


def _whole_lines(path: Path) -> bytes:
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1]


def _lines(records: Iterator[Record]) -> Iterator[bytes]:
    for record in records:
        note = record.note
        told = {
            "seq": record.seq,
            "source": note.source,
            "kind": note.kind,
            "actor": note.actor,
            "noted_at": instant(note.noted_at),
            "body": note.body,
            "sealed_at": instant(record.sealed_at),
            "previous": record.previous.hex(),
            "hash": record.hash.hex(),
            "seal": record.seal.hex(),
        }
        yield msgspec.json.encode(told) + b"\n"
