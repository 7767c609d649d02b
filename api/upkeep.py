"""The routes for machines and readers: alive, ready, metrics, and a page for each problem."""

import asyncio
from collections.abc import Mapping
from typing import Literal

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.models import CheckAnswer, LiveAnswer, ReadinessAnswer
from api.ports import Trouble
from api.problems import PROBLEMS, Refusal
from api.services import Health, Services

CHECK_SECONDS_MAX = 2.0

Status = Literal["ready", "degraded", "not-ready"]


def add_routes(app: FastAPI, services: Services) -> None:
    """All of them; they ask for no token."""

    @app.get("/healthz", summary="The process answers")
    async def live() -> LiveAnswer:
        return LiveAnswer()

    @app.get("/readyz", summary="Transactions can be taken", response_model_exclude_none=True)
    async def ready(response: Response) -> ReadinessAnswer:
        answer = await readiness(services.health)
        response.status_code = 200 if answer.status in {"ready", "degraded"} else 503
        return answer

    @app.get("/metrics", summary="Metrics for Prometheus", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/problems/{code}", summary="What a problem means, and how to mend it")
    async def problem(code: str) -> PlainTextResponse:
        if code not in PROBLEMS:
            raise Refusal("not-found")
        page = PROBLEMS[code]
        return PlainTextResponse(f"{page.title} ({page.status})\n\n{page.hint}\n")


async def readiness(health: Health, seconds_max: float = CHECK_SECONDS_MAX) -> ReadinessAnswer:
    """Whether transactions can be taken; however many ask at once, each server is asked once."""
    if health.is_draining:
        return ReadinessAnswer(status="draining", checks={})
    if health.asking is None or health.asking.done():
        health.asking = asyncio.create_task(_ask(health, seconds_max))
    return await asyncio.shield(health.asking)


async def _ask(health: Health, seconds_max: float) -> ReadinessAnswer:
    questions = health.questions.values()
    checks = await asyncio.gather(*(_check(question, seconds_max) for question in questions))
    answers = dict(zip(health.questions, checks, strict=True))
    return ReadinessAnswer(status=_status(health, answers), checks=answers)


def _status(health: Health, answers: Mapping[str, CheckAnswer]) -> Status:
    down = {name for name, answer in answers.items() if answer.status == "down"}
    if down & health.needed:
        return "not-ready"
    return "degraded" if down else "ready"


async def _check(question: Trouble, seconds_max: float) -> CheckAnswer:
    try:
        async with asyncio.timeout(seconds_max):
            trouble = await question()
    except TimeoutError:
        trouble = f"no answer within {seconds_max:g} s"
    return CheckAnswer(status="down" if trouble else "up", detail=trouble)
