"""The real servers behind the ports, from settings; opened and closed with the application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from fastapi import FastAPI

from api.alerts import PostgresAlerts
from api.app import Lifespan
from api.authentication import Authenticator
from api.books import PostgresBooks
from api.cached_books import CachedBooks
from api.kafka_log import KafkaLog, open_producer
from api.metrics import Metrics
from api.operation import ScrapedOperation
from api.ports import Clock
from api.redis_balances import RedisBalances
from api.redis_ids import RedisNaturalIds
from api.services import Health, Services
from casework.desk import PostgresDesk
from casework.rule_book import PostgresRuleBook
from data_contracts.topics import DECISIONS, TRANSACTIONS, Topic
from ledger.async_history import AsyncHistory
from ledger.reading import AsyncReader
from runtime.postgres import async_pool
from runtime.redis import connect
from runtime.settings import Settings

NAME = "watchkeeper-api"


def wire(
    settings: Settings,
    clock: Clock,
    give_up: Callable[[], None],
    log_topic: Topic = TRANSACTIONS,
    decisions_topic: Topic = DECISIONS,
) -> tuple[Services, Lifespan]:
    """Services that connect once the application lives; nobody needs to be there yet.

    `give_up` is called when only a new process would mend something.
    """
    log = KafkaLog(open_producer(settings.kafka), log_topic, give_up)
    client = connect(settings.redis.get_secret_value(), NAME)
    natural_ids = RedisNaturalIds(client)
    pool = async_pool(settings.postgres.get_secret_value(), NAME)
    books = PostgresBooks(pool, AsyncReader(pool, decisions_topic), AsyncHistory(pool))
    metrics = Metrics()
    operation = ScrapedOperation.of(settings.kafka, settings.processes, log_topic, settings.cells)
    services = Services(
        authenticator=Authenticator(
            settings.jwt_secret.get_secret_value().encode(),
            settings.jwt_issuer,
            settings.jwt_audience,
            clock,
        ),
        natural_ids=natural_ids,
        log=log,
        books=CachedBooks(books, RedisBalances(client), metrics, monotonic),
        metrics=metrics,
        alerts=PostgresAlerts(PostgresDesk(pool)),
        operation=operation,
        rule_book=PostgresRuleBook(pool),
        clock=clock,
        cells=settings.cells,
        health=Health(
            {"kafka": log.trouble, "redis": natural_ids.trouble, "postgres": books.trouble}
        ),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        log.start()
        await pool.open()
        try:
            access = services.authenticator.access
            async with services.reads.written_to(pool), access.written_to(pool):
                yield
        finally:
            await log.stop()
            await operation.close()
            await client.aclose()
            await pool.close()

    return services, lifespan
