"""Alive, ready, measured."""

import asyncio

import pytest

from api.services import Health
from api.upkeep import readiness
from tests.api.house import House, a_body, bearer


async def well() -> str | None:
    return None


async def broken() -> str | None:
    return "ConnectionError"


async def silent() -> str | None:
    await asyncio.get_running_loop().create_future()
    return None


READINESS = {
    "all well": ({"kafka": well, "redis": well, "postgres": well}, 200, "ready"),
    "no memory": ({"kafka": well, "redis": broken, "postgres": well}, 200, "degraded"),
    "no books": ({"kafka": well, "redis": well, "postgres": broken}, 200, "degraded"),
    "no log": ({"kafka": broken, "redis": well, "postgres": well}, 503, "not-ready"),
}


@pytest.mark.parametrize(("questions", "code", "status"), READINESS.values(), ids=READINESS.keys())
def test_only_the_log_is_needed_to_be_ready(
    house: House, questions: dict[str, object], code: int, status: str
) -> None:
    house.services.health.questions = questions  # type: ignore[assignment]
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (code, status)
    assert set(answer.json()["checks"]) == set(questions)


def test_what_is_wrong_is_said(house: House) -> None:
    house.services.health.questions = {"kafka": broken}
    checks = house.client.get("/readyz").json()["checks"]
    assert checks == {"kafka": {"status": "down", "detail": "ConnectionError"}}


def test_a_server_that_does_not_answer_is_down() -> None:
    found = asyncio.run(readiness(Health({"kafka": silent}), seconds_max=0.01))
    assert found.status == "not-ready"
    assert found.checks["kafka"].detail == "no answer within 0.01 s"


def test_however_many_ask_at_once_each_server_is_asked_once() -> None:
    asked: list[int] = []

    async def counting() -> str | None:
        asked.append(1)
        await asyncio.sleep(0)
        return None

    async def story() -> None:
        health = Health({"kafka": counting})
        await asyncio.gather(*(readiness(health) for _ in range(100)))
        await readiness(health)

    asyncio.run(story())
    assert len(asked) == 2


def test_on_the_way_down_nothing_more_is_wanted(house: House) -> None:
    house.services.health.is_draining = True
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")
    assert house.client.get("/healthz").json() == {"status": "live"}


def test_what_is_taken_is_counted(house: House) -> None:
    house.client.post("/v1/transactions", content=a_body(), headers=bearer())
    house.client.post("/v1/transactions", content=a_body(), headers=bearer())
    house.client.post("/v1/transactions", content=b"{}", headers=bearer())
    text = house.client.get("/metrics").text
    assert 'watchkeeper_api_transactions_total{result="accepted"} 1.0' in text
    assert 'watchkeeper_api_transactions_total{result="duplicate"} 1.0' in text
    assert 'watchkeeper_api_refusals_total{code="not-as-agreed"} 1.0' in text
    assert 'watchkeeper_api_requests_total{route="/v1/transactions",status="202"} 1.0' in text
    assert 'watchkeeper_api_request_seconds_count{route="/v1/transactions"} 3.0' in text


def test_addresses_that_are_none_are_counted_together(house: House) -> None:
    for path in ("/a", "/b", "/v1/c"):
        house.client.get(path)
    assert house.metric("requests_total", route="unknown", status="404") == 3
