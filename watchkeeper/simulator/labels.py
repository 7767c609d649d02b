"""Labels: which transactions were planted, in a file beside the traffic."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from watchkeeper.errors import Failure
from watchkeeper.simulator.traffic import Label

COLUMNS = ("transaction_id", "campaign", "typology")


def write(labels: Sequence[Label], path: Path) -> None:
    """Write them as Parquet or, by the name `.ndjson`, one JSON object a line."""
    rows = [(label.transaction_id, label.campaign, label.typology) for label in labels]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    try:
        match path.suffix:
            case ".parquet":
                frame.write_parquet(path)
            case ".ndjson" | ".jsonl":
                path.write_bytes(
                    b"".join(msgspec.json.encode(row) + b"\n" for row in frame.to_dicts())
                )
            case _:
                raise Failure(
                    f"{path} does not say how labels are to be written.",
                    "Give a name that ends with .parquet or .ndjson.",
                )
    except OSError as error:
        raise Failure(
            f"The labels cannot be written to {path}: {error.strerror}.", "Check the folder."
        ) from None
