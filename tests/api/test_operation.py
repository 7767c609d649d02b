"""How the API looks at what stands beside it, where nothing does."""

import asyncio

from api.operation import ScrapedOperation
from data_contracts.topics import TRANSACTIONS
from watchkeeper.stack.servers.ports import free_port


def test_what_does_not_answer_has_no_figures_no_end_and_no_position() -> None:
    async def story() -> None:
        address = f"http://127.0.0.1:{free_port()}/metrics"
        processes = {"scoring": address, "posting": address}
        broker = f"127.0.0.1:{free_port()}"
        operation = ScrapedOperation.of(broker, processes, TRANSACTIONS, cells=2)
        try:
            assert await operation.texts() == {"scoring": None, "posting": None}
            assert await operation.log_end() == 0
            assert await operation.scored() == {}
        finally:
            await operation.close()

    asyncio.run(story())
