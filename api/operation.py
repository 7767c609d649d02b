"""How the API looks at the processes beside it and at the end of the log."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from confluent_kafka import Consumer, KafkaException

from api.monitoring import positions
from data_contracts.topics import Topic
from runtime.kafka import bounds, consumer_settings

SCRAPE_SECONDS_MAX = 1.0
LOG_SECONDS_MAX = 1.0  # A thread waits meanwhile, of which there are few.
SCORING = "scoring"


@dataclass(slots=True)
class ScrapedOperation:
    """Asks each process for its metrics, and Kafka for the end of each cell's log."""

    client: httpx.AsyncClient
    addresses: Mapping[str, str]
    consumer: Consumer
    topic: Topic
    cells: int

    @classmethod
    def of(
        cls, brokers: str, addresses: Mapping[str, str], topic: Topic, cells: int
    ) -> "ScrapedOperation":
        """Connect to nothing yet."""
        client = httpx.AsyncClient(timeout=SCRAPE_SECONDS_MAX, trust_env=False)
        consumer = Consumer(consumer_settings(brokers, "api-monitoring"))
        return cls(client, addresses, consumer, topic, cells)

    async def texts(self) -> Mapping[str, str | None]:
        """What each process says of itself; None where it does not answer."""
        answers = await asyncio.gather(*map(self._text, self.addresses.values()))
        return dict(zip(self.addresses, answers, strict=True))

    async def _text(self, address: str) -> str | None:
        try:
            answer = await self.client.get(address)
            answer.raise_for_status()
        except httpx.HTTPError:
            return None
        return answer.text

    async def log_end(self) -> int:
        """One past the last position, added up over the cells; 0 where the log is away."""
        try:
            found = await asyncio.gather(
                *(asyncio.to_thread(self._bounds, cell) for cell in range(self.cells))
            )
        except KafkaException:
            return 0
        return sum(end for _, end in found)

    def _bounds(self, cell: int) -> tuple[int, int]:
        return bounds(self.consumer, self.topic.name, cell, LOG_SECONDS_MAX)

    async def scored(self) -> Mapping[int, int]:
        """The last position of each cell that scoring has taken; nothing while it is away."""
        address = self.addresses.get(SCORING)
        return positions(SCORING, None if address is None else await self._text(address))

    async def close(self) -> None:
        """Let go of both."""
        await self.client.aclose()
        await asyncio.to_thread(self.consumer.close)
