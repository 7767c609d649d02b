"""Checkpoints: where the chain ended at an instant, signed, in a file outside of the database.

The signature is Ed25519: whoever has the public key can check it and nobody but us can make it.
"""

import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from runtime.audit.chain import Link, instant

FILE = "checkpoints.jsonl"
PUBLIC_KEY_FILE = "public-key.pem"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """So many records there were, the last with this hash; hash and signature in hexadecimal."""

    count: int
    head: str
    at: str
    signature: str = ""

    def signed_text(self) -> bytes:
        """What the signature is of: four lines."""
        return f"watchkeeper-audit-checkpoint-1\n{self.count}\n{self.head}\n{self.at}\n".encode()


@dataclass(frozen=True, slots=True)
class Keys:
    """The two keys that are made of a stack's one secret: to seal records, to sign checkpoints."""

    sealing: bytes
    signing: Ed25519PrivateKey

    @classmethod
    def of(cls, secret: str) -> "Keys":
        """The same ones each time."""
        sealing, seed = (
            hmac.digest(secret.encode(), purpose, "sha256") for purpose in (b"seal", b"sign")
        )
        return cls(sealing, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> Ed25519PublicKey:
        """What auditors check signatures with."""
        return self.signing.public_key()

    @property
    def public_pem(self) -> bytes:
        """The same as a file that any tool reads."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, end: Link, at: datetime) -> Checkpoint:
        """A checkpoint of the end of a chain."""
        draft = Checkpoint(count=end.count, head=end.hash.hex(), at=instant(at))
        signature = self.signing.sign(draft.signed_text()).hex()
        return msgspec.structs.replace(draft, signature=signature)


def is_signed(checkpoint: Checkpoint, public: Ed25519PublicKey) -> bool:
    """Whether the signature is of this checkpoint, by this key's owner."""
    try:
        public.verify(bytes.fromhex(checkpoint.signature), checkpoint.signed_text())
    except (InvalidSignature, ValueError):
        return False
    return True


def append(folder: Path, checkpoint: Checkpoint) -> None:
    """Add a line, and return when the disk has it; a line that a crash tore is taken away."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(_whole_lines(file.read()))
        file.truncate()
        file.write(msgspec.json.encode(checkpoint) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _whole_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def read(folder: Path) -> Iterator[Checkpoint]:
    """Every checkpoint in order; a torn last line is none. A line that is not one has no count."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield decoded(line)


def decoded(line: bytes) -> Checkpoint:
    """What a line says; one that says nothing has no count, and no signature."""
    try:
        return msgspec.json.decode(line, type=Checkpoint)
    except msgspec.DecodeError:
        return Checkpoint(count=0, head="", at="")
