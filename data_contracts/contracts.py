"""The published contracts: which structs stand in which document, and where the files lie."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import msgspec
import pyarrow as pa

from data_contracts import archive
from data_contracts.alert import Alert
from data_contracts.control import RECORDS
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision
from data_contracts.resolution import Resolution
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, RESOLUTIONS, TRANSACTIONS, Topic
from data_contracts.transaction import Transaction

FOLDER = Path(__file__).parent
SUFFIX = ".odcs.yaml"


class NoSuchContract(LookupError):
    """A name that no contract bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is promised about the messages of a topic (`structs`) or the rows of a table."""

    name: str
    structs: tuple[type[msgspec.Struct], ...] = ()
    topic: Topic | None = None
    columns: pa.Schema | None = None

    @property
    def document(self) -> Path:
        """The ODCS document: meaning, examples, quality and service levels, for people."""
        return FOLDER / "odcs" / f"{self.name}{SUFFIX}"

    @property
    def json_schema(self) -> Path:
        """The JSON Schema of today, for programs in other languages."""
        return FOLDER / "json_schema" / f"{self.name}.json"


CONTRACTS = (
    Contract(name="transactions.v1", structs=(Transaction,), topic=TRANSACTIONS),
    Contract(name="control.v1", structs=tuple(RECORDS.values()), topic=TRANSACTIONS),
    Contract(name="decisions.v1", structs=(Decision,), topic=DECISIONS),
    Contract(name="transactions.rejected.v1", structs=(DeadLetter,), topic=REJECTED),
    Contract(name="alerts.v1", structs=(Alert,), topic=ALERTS),
    Contract(name="resolutions.v1", structs=(Resolution,), topic=RESOLUTIONS),
    Contract(name="archive.v1", columns=archive.SCHEMA),
)


def named(name: str) -> Contract:
    """The contract of that name, with or without its version, or a refusal that knows others."""
    by_name = {contract.name: contract for contract in CONTRACTS}
    by_name |= {contract.name.rpartition(".")[0]: contract for contract in CONTRACTS}
    if name in by_name:
        return by_name[name]
    near = get_close_matches(name, by_name, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(by_name)}"
    raise NoSuchContract(f"no contract is named {name}: {hint}")
