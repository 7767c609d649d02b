"""Rule sets: read from a catalogue's files, or from the canonical form that stands in the log."""

from pathlib import Path

import msgspec
import pyarrow as pa

from rules.documents.catalogue import read_catalogue
from rules.mistakes import Mistake
from rules.model import FORMAT, RuleSet

CANONICAL_BYTES_MAX = 64 * 1024 * 1024
SIZE_BYTES = 8  # How long the canonical form is, before the compressed bytes.


class UnknownRuleSet(ValueError):
    """A rule set's canonical form cannot be read by this version."""


def from_canonical(raw: bytes) -> RuleSet:
    """Read the canonical form, or raise `UnknownRuleSet`."""
    try:
        rule_set = msgspec.json.decode(raw, type=RuleSet)
    except msgspec.DecodeError as error:
        raise UnknownRuleSet(f"not a rule set: {error}") from None
    if rule_set.format != FORMAT:
        raise UnknownRuleSet(
            f"rule set of format {rule_set.format}; this version reads format {FORMAT}"
        )
    return rule_set


def pack(rule_set: RuleSet) -> bytes:
    """The canonical form compressed, as `RuleSetRecord.document` carries it."""
    canonical = rule_set.canonical()
    size = len(canonical).to_bytes(SIZE_BYTES, "big")
    compressed = pa.Codec("zstd").compress(canonical, asbytes=True)
    return size + compressed


def unpack(document: bytes) -> RuleSet:
    """Read what `pack` made, or raise `UnknownRuleSet`."""
    size = int.from_bytes(document[:SIZE_BYTES], "big")
    if len(document) <= SIZE_BYTES or size > CANONICAL_BYTES_MAX:
        raise UnknownRuleSet("not a compressed rule set")
    try:
        raw = pa.Codec("zstd").decompress(document[SIZE_BYTES:], size, asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise UnknownRuleSet(f"not a compressed rule set: {error}") from None
    return from_canonical(bytes(raw))


def load_catalogue(folder: Path) -> tuple[RuleSet, list[Mistake]]:
    """What a catalogue publishes; with an error among the mistakes it must not be used."""
    catalogue = read_catalogue(folder)
    return catalogue.rule_set(), list(catalogue.mistakes)
