"""What a transaction costs the API, and how long a POST takes: an open-loop sender.

Each request is due at a time of its own and its latency counts from then, however late it was
sent: a server that stalls cannot hide behind a sender that waits for it. The CPU is that of the
API's process alone. Run it beside a running stack:

    python benchmarks/api.py --port 8000 --pid $(pgrep -f 'python -m api') --rate 5000
"""

import argparse
import asyncio
import json
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

from runtime.settings import Settings
from runtime.tokens import Bearer, make_token

BODIES = 100
ANSWER_SECONDS_MAX = 30.0
RUN_MARK = b"@@@@@@@@@@@@@@@@@@"
RANKS = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def a_transaction(number: int) -> dict[str, object]:
    """A card payment like any other; its id is filled in when it is sent."""
    return {
        "transaction_id": f"{RUN_MARK.decode()}-{number:04d}",
        "account_id": f"account-{number * 37 % 5000:05d}",
        "type": "card_payment",
        "direction": "debit",
        "amount_minor": 100 + number * 7919 % 40_000,
        "currency": "EUR",
        "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds"),  # noqa: TID251  (an entry point)
        "channel": "card",
        "card_token": f"card-{number * 37 % 5000:05d}",
        "entry_mode": "contactless",
        "merchant_id": f"merchant-{number % 700:04d}",
        "merchant_category": "5411",
        "merchant_country": "DE",
        "device_id": f"device-{number % 900:04d}",
        "country": "DE",
        "ip": "192.0.2.17",
    }


@dataclass(slots=True)
class Load:
    """All requests of a run: rendered before the clock starts, sent when they are due."""

    options: argparse.Namespace
    token: str
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    latencies: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    own_delay: float = 0.0
    start: float = 0.0

    def rendered(self) -> list[bytes]:
        """Some requests, to be sent again and again under other ids."""
        if self.options.batch == 1:
            bodies: list[object] = [a_transaction(number) for number in range(BODIES)]
        else:
            size = self.options.batch
            bodies = [
                {"transactions": [a_transaction(first * size + n) for n in range(size)]}
                for first in range(BODIES)
            ]
        return [self.request(json.dumps(body).encode()) for body in bodies]

    def request(self, body: bytes) -> bytes:
        """A whole request."""
        path = "/v1/transactions" + ("" if self.options.batch == 1 else ":batch")
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self.options.host}\r\n"
            f"authorization: Bearer {self.token}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def due(self, number: int) -> float:
        """When request `number` is to be sent."""
        return self.start + number * float(self.options.batch) / float(self.options.rate)

    async def connection(self, requests: list[bytes], due: "asyncio.Queue[int | None]") -> None:
        """Send what is due, one after the other, over one kept connection."""
        reader, writer = await asyncio.open_connection(self.options.host, self.options.port)
        while (number := await due.get()) is not None:
            mark = f"{self.run}{number:010d}".encode()
            writer.write(requests[number % BODIES].replace(RUN_MARK, mark))
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            self.outcomes[head[9:12].decode()] += 1
            self.latencies.append(time.perf_counter() - self.due(number))
        writer.close()

    async def go(self) -> None:
        """Send everything."""
        requests, count = self.rendered(), self.options.connections
        due: asyncio.Queue[int | None] = asyncio.Queue()
        self.start = time.perf_counter() + 0.5
        connections = [asyncio.create_task(self.connection(requests, due)) for _ in range(count)]
        for number in range(int(self.options.rate * self.options.seconds / self.options.batch)):
            if (wait := self.due(number) - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.own_delay = max(self.own_delay, time.perf_counter() - self.due(number))
            due.put_nowait(number)
        for _ in connections:
            due.put_nowait(None)
        await asyncio.gather(*connections)

    def report(self, cpu_seconds: float) -> dict[str, object]:
        """The figures of the run."""
        ordered = sorted(self.latencies)
        sent = len(ordered) * self.options.batch
        return {
            "sent_per_second": round(sent / (time.perf_counter() - self.start)),
            "outcomes": dict(self.outcomes),
            "latency_ms": {
                name: round(1e3 * ordered[int((len(ordered) - 1) * rank)], 1)
                for name, rank in RANKS.items()
            },
            "own_delay_max_ms": round(1e3 * self.own_delay, 1),
            "api_cpu_us_per_transaction": round(1e6 * cpu_seconds / sent, 1),
            "api_cores": round(cpu_seconds / self.options.seconds, 3),
        }


def main() -> None:
    """Measure one run and print its figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid", type=int, required=True, help="of the API's process")
    parser.add_argument("--rate", type=int, default=5_000, help="transactions per second")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    bearer = Bearer(subject="benchmark", tenant="demo", role="service")
    load = Load(options, make_token(Settings(), bearer, datetime.now(UTC)))  # noqa: TID251  (an entry point)
    process = psutil.Process(options.pid)
    before = process.cpu_times()
    asyncio.run(load.go())
    after = process.cpu_times()
    print(json.dumps(load.report(after.user + after.system - before.user - before.system)))


if __name__ == "__main__":
    main()
