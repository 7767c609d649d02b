"""What the door costs: `python benchmarks/door.py`, microseconds per message by step."""

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from data_contracts import card_numbers, codec, door
from data_contracts.ids import event_id
from data_contracts.transaction import Transaction, TransactionRequest
from tests.factories import a_request, a_transaction

SECONDS = 0.5
BATCH = 100

Step = Callable[[], object]


def microseconds(step: Step, messages: int = 1) -> float:
    """The best of five rounds, so that other work on the machine counts least."""
    rounds = max(1, int(SECONDS / 5 / _seconds(step, 10)))
    return min(_seconds(step, rounds) for _ in range(5)) / messages * 1e6


def _seconds(step: Step, rounds: int) -> float:
    started = time.perf_counter()
    for _ in range(rounds):
        step()
    return (time.perf_counter() - started) / rounds


def steps() -> dict[str, tuple[Step, int]]:
    """Each step, and how many messages one call of it takes."""
    stored = codec.encode(a_transaction(description="groceries", ip="192.0.2.17"))
    request = codec.encode(a_request(description="groceries", ip="192.0.2.17"))
    unusual = json.dumps(json.loads(request) | {"description": "Bäckerei"}).encode()
    batch = b'{"transactions":[' + b",".join([request] * BATCH) + b"]}"
    decode_stored = msgspec.json.Decoder(Transaction).decode
    decode_request = msgspec.json.Decoder(TransactionRequest).decode
    transaction = decode_stored(stored)
    return {
        f"decode alone, {len(stored)} bytes": (lambda: decode_stored(stored), 1),
        "encode again, to compare": (lambda: codec.encode(transaction), 1),
        "look for card numbers": (lambda: card_numbers.may_hold(stored), 1),
        "event id": (lambda: event_id(transaction.tenant, transaction.transaction_id), 1),
        "parse_stored": (lambda: door.parse_stored(stored), 1),
        "decode a request alone": (lambda: decode_request(request), 1),
        "parse_request": (lambda: door.parse_request(request), 1),
        "parse_request, not ASCII": (lambda: door.parse_request(unusual), 1),
        f"parse_batch of {BATCH}": (lambda: door.parse_batch(batch), BATCH),
    }


def main() -> None:
    """Print one line per step, and the machine."""
    for name, (step, messages) in steps().items():
        print(f"{name:32} {microseconds(step, messages):7.2f} us")
    model = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    print(f"{model[0].partition(': ')[2]}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
