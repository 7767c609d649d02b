"""The OpenAPI document: FastAPI's own, with the routes that go past it, and their refusals."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, PROBLEMS, ProblemDetails
from api.registration import AccountRegistration, RegisteredAccount
from api.submission import SubmittedBatch, SubmittedTransaction
from data_contracts.transaction import TransactionRequest

Document = dict[str, Any]

_TEMPLATE = "#/components/schemas/{name}"
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": _TEMPLATE.format(name="ProblemDetails")}}}
_STATUSES = sorted({problem.status for problem in PROBLEMS.values()})


class TransactionBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 transactions, taken or refused one by one."""

    transactions: Sequence[TransactionRequest]


def _codes(status: int) -> str:
    return ", ".join(code for code, problem in PROBLEMS.items() if problem.status == status)


PROBLEM_ANSWERS: dict[int | str, Document] = {
    status: {"description": _codes(status), "content": _PROBLEM} for status in _STATUSES
}

_STRUCTS = (
    TransactionRequest,
    TransactionBatch,
    SubmittedTransaction,
    SubmittedBatch,
    AccountRegistration,
    RegisteredAccount,
    ProblemDetails,
)


def _json(name: str) -> Document:
    return {"application/json": {"schema": {"$ref": _TEMPLATE.format(name=name)}}}


def _operation(
    name: str, summary: str, body: str, answers: Mapping[str, tuple[str, str]]
) -> Document:
    problems = {str(status): answer for status, answer in PROBLEM_ANSWERS.items()}
    good = {
        status: {"description": description, "content": _json(schema)}
        for status, (description, schema) in answers.items()
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _json(body)},
        "responses": good | problems,
    }


def _body_paths() -> Document:
    account_id = {
        "name": "account_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "maxLength": 64},
    }
    return {
        "/v1/transactions": {
            "post": _operation(
                "submit_transaction",
                "Send one transaction; sending it again is safe",
                "TransactionRequest",
                {
                    "202": ("In the log, and new.", "SubmittedTransaction"),
                    "200": ("It was sent before, and is sent once.", "SubmittedTransaction"),
                },
            )
        },
        "/v1/transactions:batch": {
            "post": _operation(
                "submit_batch",
                "Send up to 1,000 transactions; each is taken or refused for itself",
                "TransactionBatch",
                {"202": ("One result per transaction, in order.", "SubmittedBatch")},
            )
        },
        "/v1/accounts/{account_id}": {
            "parameters": [account_id],
            "put": _operation(
                "register_account",
                "Say whose an account is",
                "AccountRegistration",
                {
                    "201": ("Registered.", "RegisteredAccount"),
                    "200": ("It was registered before, and is so now.", "RegisteredAccount"),
                },
            ),
        },
    }


def document(app: FastAPI) -> None:
    """Let `/openapi.json` show the whole API."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way.


def _document(app: FastAPI) -> Document:
    shown = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_TEMPLATE)
    components = shown.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    shown["paths"] = _body_paths() | shown["paths"]
    for path, operations in shown["paths"].items():
        if path.startswith("/v1/"):
            for operation in operations.values():
                if isinstance(operation, dict):
                    operation["security"] = [{"bearer": []}]
    return shown
