"""How every refusal and every failure is answered: as problem details, never with the input."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.metrics import Metrics
from api.ports import BooksAway, LogAway
from api.problems import MEDIA_TYPE, Refusal, details, retry_later
from data_contracts.codec import encode
from data_contracts.violation import ContractViolation

JSON = "application/json"

_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}
_log = structlog.get_logger("api")


def answer_refusals(app: FastAPI, metrics: Metrics) -> None:
    """Teach the application to answer each kind of exception."""

    def answer(request: Request, refusal: Refusal) -> Response:
        metrics.refusals.labels(refusal.code).inc()
        request_id = request.state.request_id
        return Response(
            encode(details(refusal, request_id)),
            refusal.problem.status,
            dict(refusal.headers),
            MEDIA_TYPE,
        )

    async def refused(request: Request, error: Exception) -> Response:
        return answer(request, as_refusal(error))

    async def failed(request: Request, error: Exception) -> Response:
        request_id = request.state.request_id
        _log.error("request failed", request_id=request_id, error=type(error).__name__)
        response = answer(request, Refusal("internal"))
        response.headers["x-request-id"] = request_id  # Outside of the envelope.
        return response

    for kind in (Refusal, ContractViolation, LogAway, BooksAway, HTTPException):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(RequestValidationError, refused)
    app.add_exception_handler(Exception, failed)


def as_refusal(error: Exception) -> Refusal:
    """What an exception means to the one who asked."""
    match error:
        case Refusal():
            return error
        case ContractViolation():
            return Refusal(error.code, error.detail, error.pointer)
        case LogAway() | BooksAway():
            return retry_later("log-away" if isinstance(error, LogAway) else "books-away")
        case RequestValidationError():
            return _of_parameters(error)
        case HTTPException():
            code = _BY_STATUS.get(error.status_code, "malformed-request")
            return Refusal(code, headers=error.headers or {})
        case _:
            return Refusal("malformed-request")


def _of_parameters(error: RequestValidationError) -> Refusal:
    first = error.errors()[0]
    if first["type"] == "extra_forbidden":
        return Refusal("not-as-agreed", "a parameter that is not known")
    place = ".".join(str(part) for part in first["loc"])
    return Refusal("not-as-agreed", f"{place}: {first['msg']}")
