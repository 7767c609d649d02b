"""The routes of the live page: the state of the operation, and the latest alerts."""

from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Query, Response
from prometheus_client import generate_latest

from api.authentication import Principal
from api.guard import Admitted, Guard
from api.monitoring import Observed, snapshot
from api.permissions import Action
from api.ports import BooksAway
from api.services import Services
from api.upkeep import readiness
from data_contracts.monitoring import Snapshot

ALERTS_MAX = 200


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """Both of them."""

    @app.get("/v1/monitoring", summary="The state of the whole operation now")
    async def watch_operation(
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.WATCH_OPERATION))],
    ) -> Response:
        return _json(await _snapshot(services))

    @app.get("/v1/alerts", summary="The latest alerts with their reasons, newest first")
    async def read_alerts(
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_ALERTS))],
        limit: Annotated[int, Query(ge=1, le=ALERTS_MAX)] = 50,
    ) -> Response:
        return _json({"alerts": await services.alerts.latest(principal.tenant, limit)})


async def _snapshot(services: Services) -> Snapshot:
    ready = await readiness(services.health)
    own = generate_latest(services.metrics.registry).decode()
    observed = Observed(
        texts={"api": own, **await services.operation.texts()},
        servers={name: check.status == "up" for name, check in ready.checks.items()},
        log_end=await services.operation.log_end(),
        dead_letters=await _waiting_letters(services),
    )
    return snapshot(observed, services.clock())


async def _waiting_letters(services: Services) -> int | None:
    try:
        return await services.alerts.waiting_letters()
    except BooksAway:
        return None


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
