"""After a batch nobody keeps what it has moved; without Redis booking goes on."""

import pytest
import redis

from dataflows.posting.forgetting import PAUSE_SECONDS, Forgetter
from dataflows.posting.metrics import UNFORGOTTEN
from ledger.cached import balance_key
from ledger.chart import CARD_SETTLEMENT
from ledger.memory import MemoryBooks
from ledger.values import Effects
from runtime.redis import connect_thread
from tests.factories import TENANT
from tests.ledger.arrivals import an_arrival, paid_in, post
from watchkeeper.stack.servers.ports import free_port

pytestmark = pytest.mark.servers


def failures() -> float:
    (family,) = UNFORGOTTEN.collect()
    return next(each.value for each in family.samples if each.name.endswith("_total"))


def test_the_copies_of_what_a_batch_moved_are_ended_and_no_others(valkey: str) -> None:
    forget = Forgetter(connect_thread(valkey, "test"), lambda: 0.0)
    keys = [balance_key(TENANT, account) for account in ("acc-1", "acc-2", "acc-3")]
    with redis.Redis.from_url(valkey) as client:
        client.mset(dict.fromkeys([*keys, balance_key(TENANT, CARD_SETTLEMENT)], b"a copy"))
        forget(post(MemoryBooks(), an_arrival(1), paid_in(2, 5, account="acc-2")))
        assert client.mget(keys) == [None, None, b"a copy"]
        assert client.exists(balance_key(TENANT, CARD_SETTLEMENT))
        forget(Effects())
        assert client.exists(keys[2])


def test_without_redis_booking_goes_on_and_redis_is_left_alone_for_a_moment() -> None:
    clock = [0.0]
    client = connect_thread(f"redis://127.0.0.1:{free_port()}", "test")
    forget = Forgetter(client, lambda: clock[0])
    effects, before = post(MemoryBooks(), an_arrival(1)), failures()
    for _ in range(3):
        forget(effects)
    assert failures() == before + 1
    clock[0] += PAUSE_SECONDS
    forget(effects)
    assert failures() == before + 2
