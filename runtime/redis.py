"""The Redis clients: short waits and no hidden retries; whoever uses it goes on without it."""

import redis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostConnection
from redis.retry import Retry as BlockingRetry

ANSWER_SECONDS_MAX = 1.0  # A server that is gone is noticed at once; a busy machine needs its time.
CONNECTIONS_MAX = 32
# A kept connection that the server closed is noticed by the next command: once more, then give up.
RETRIES = 1


def connect(url: str, name: str, seconds: float = ANSWER_SECONDS_MAX) -> Redis:
    """A client for one event loop that connects when it is first used; answers are bytes.

    It waits `seconds` at most for a connection, for its making, and for an answer.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        client_name=name,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        max_connections=CONNECTIONS_MAX,
        retry=Retry(NoBackoff(), RETRIES, (LostConnection,)),
    )
    return Redis.from_pool(pool)


def connect_thread(url: str, name: str, seconds: float = ANSWER_SECONDS_MAX) -> "redis.Redis":
    """The same for a thread that waits itself."""
    return redis.Redis.from_url(
        url,
        client_name=name,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=BlockingRetry(NoBackoff(), RETRIES, (LostConnection,)),
    )
