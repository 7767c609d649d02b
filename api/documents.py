"""The OpenAPI document: FastAPI's own, with the routes that go past it, and their refusals."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.guard import IDENTIFIER_CHARACTERS_MAX
from api.lists import ChangedList, EntryRequest, RemovalRequest
from api.problems import MEDIA_TYPE, PROBLEMS, ProblemDetails
from api.publications import PublicationRequest, ResetRequest, TakenUp
from api.registration import AccountRegistration, RegisteredAccount
from api.rule_sets import RuleSetApproval, RuleSetProposal
from api.submission import SubmittedBatch, SubmittedTransaction
from casework.values import Proposal
from data_contracts.transaction import TransactionRequest

Document = dict[str, Any]

_TEMPLATE = "#/components/schemas/{name}"
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": _TEMPLATE.format(name="ProblemDetails")}}}
_IN_PATH = re.compile(r"{([a-z_]+)}")
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
    RuleSetProposal,
    RuleSetApproval,
    Proposal,
    PublicationRequest,
    ResetRequest,
    TakenUp,
    EntryRequest,
    RemovalRequest,
    ChangedList,
    ProblemDetails,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A route with a body, as the document shows it; `answers` are texts and structs by status."""

    method: str
    path: str
    name: str
    summary: str
    body: str
    answers: Mapping[str, tuple[str, str]]

    def shown(self) -> Document:
        """The operation object."""
        problems = {str(status): answer for status, answer in PROBLEM_ANSWERS.items()}
        good = {
            status: {"description": description, "content": _json(schema)}
            for status, (description, schema) in self.answers.items()
        }
        return {
            "operationId": self.name,
            "summary": self.summary,
            "parameters": [_parameter(name) for name in _IN_PATH.findall(self.path)],
            "requestBody": {"required": True, "content": _json(self.body)},
            "responses": good | problems,
        }


def _json(name: str) -> Document:
    return {"application/json": {"schema": {"$ref": _TEMPLATE.format(name=name)}}}


def _parameter(name: str) -> Document:
    schema = {"type": "string", "maxLength": IDENTIFIER_CHARACTERS_MAX}
    return {"name": name, "in": "path", "required": True, "schema": schema}


OPERATIONS = (
    Operation(
        method="post",
        path="/v1/transactions",
        name="submit_transaction",
        summary="Send one transaction; sending it again is safe",
        body="TransactionRequest",
        answers={
            "202": ("In the log, and new.", "SubmittedTransaction"),
            "200": ("It was sent before, and is sent once.", "SubmittedTransaction"),
        },
    ),
    Operation(
        method="post",
        path="/v1/transactions:batch",
        name="submit_batch",
        summary="Send up to 1,000 transactions; each is taken or refused for itself",
        body="TransactionBatch",
        answers={"202": ("One result per transaction, in order.", "SubmittedBatch")},
    ),
    Operation(
        method="put",
        path="/v1/accounts/{account_id}",
        name="register_account",
        summary="Say whose an account is",
        body="AccountRegistration",
        answers={
            "201": ("Registered.", "RegisteredAccount"),
            "200": ("It was registered before, and is so now.", "RegisteredAccount"),
        },
    ),
    Operation(
        method="post",
        path="/v1/rule-sets",
        name="propose_rule_set",
        summary="Propose a rule set; another person has to approve it",
        body="RuleSetProposal",
        answers={
            "201": ("Kept, and waiting for a second person.", "Proposal"),
            "200": ("It was proposed before: this is the proposal that stands.", "Proposal"),
        },
    ),
    Operation(
        method="post",
        path="/v1/rule-sets/{rule_set}/approvals",
        name="approve_rule_set",
        summary="Approve a rule set that another person proposed",
        body="RuleSetApproval",
        answers={"201": ("Approved.", "Proposal")},
    ),
    Operation(
        method="post",
        path="/v1/publications",
        name="publish_rule_set",
        summary="Put an approved rule set into the log, or go back to the one before",
        body="PublicationRequest",
        answers={"200": ("Its positions, once the scorer has taken it up.", "TakenUp")},
    ),
    Operation(
        method="post",
        path="/v1/rules/{rule_id}/resets",
        name="reset_rule",
        summary="Let a rule count again that its breaker holds in shadow",
        body="ResetRequest",
        answers={"200": ("Its positions, once the scorer has taken it up.", "TakenUp")},
    ),
    Operation(
        method="post",
        path="/v1/lists/{list_id}/entries",
        name="add_list_entry",
        summary="Put a value onto a list",
        body="EntryRequest",
        answers={
            "201": ("Its positions, once the scorer has taken it up.", "ChangedList"),
            "200": ("It stands there just so; nothing was written.", "ChangedList"),
        },
    ),
    Operation(
        method="post",
        path="/v1/lists/{list_id}/removals",
        name="remove_list_entry",
        summary="Take a value off a list",
        body="RemovalRequest",
        answers={"200": ("Its positions, once the scorer has taken it up.", "ChangedList")},
    ),
)


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
    for operation in OPERATIONS:
        shown["paths"].setdefault(operation.path, {})[operation.method] = operation.shown()
    for path, operations in shown["paths"].items():
        if path.startswith("/v1/"):
            for each in operations.values():
                each["security"] = [{"bearer": []}]
    return shown
