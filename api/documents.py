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

Struct = type[msgspec.Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A route with a body, as the document shows it; `answers` says when there is which status."""

    method: str = "post"
    path: str
    name: str
    summary: str
    body: Struct
    answer: Struct
    answers: Mapping[str, str]

    def shown(self) -> Document:
        """The operation object."""
        problems = {str(status): answer for status, answer in PROBLEM_ANSWERS.items()}
        good = {
            status: {"description": description, "content": _json(self.answer)}
            for status, description in self.answers.items()
        }
        return {
            "operationId": self.name,
            "summary": self.summary,
            "parameters": [_parameter(name) for name in _IN_PATH.findall(self.path)],
            "requestBody": {"required": True, "content": _json(self.body)},
            "responses": good | problems,
        }


def _json(struct: Struct) -> Document:
    return {"application/json": {"schema": {"$ref": _TEMPLATE.format(name=struct.__name__)}}}


def _parameter(name: str) -> Document:
    schema = {"type": "string", "maxLength": IDENTIFIER_CHARACTERS_MAX}
    return {"name": name, "in": "path", "required": True, "schema": schema}


_TAKEN_UP = "Its positions, once the scorer has taken it up."

OPERATIONS = (
    Operation(
        path="/v1/transactions",
        name="submit_transaction",
        summary="Send one transaction; sending it again is safe",
        body=TransactionRequest,
        answer=SubmittedTransaction,
        answers={
            "202": "In the log, and new.",
            "200": "It was sent before, and is sent once.",
        },
    ),
    Operation(
        path="/v1/transactions:batch",
        name="submit_batch",
        summary="Send up to 1,000 transactions; each is taken or refused for itself",
        body=TransactionBatch,
        answer=SubmittedBatch,
        answers={"202": "One result per transaction, in order."},
    ),
    Operation(
        method="put",
        path="/v1/accounts/{account_id}",
        name="register_account",
        summary="Say whose an account is",
        body=AccountRegistration,
        answer=RegisteredAccount,
        answers={"201": "Registered.", "200": "It was registered before, and is so now."},
    ),
    Operation(
        path="/v1/rule-sets",
        name="propose_rule_set",
        summary="Propose a rule set; another person has to approve it",
        body=RuleSetProposal,
        answer=Proposal,
        answers={
            "201": "Kept, and waiting for a second person.",
            "200": "It was proposed before: this is the proposal that stands.",
        },
    ),
    Operation(
        path="/v1/rule-sets/{rule_set}/approvals",
        name="approve_rule_set",
        summary="Approve a rule set that another person proposed",
        body=RuleSetApproval,
        answer=Proposal,
        answers={"201": "Approved."},
    ),
    Operation(
        path="/v1/publications",
        name="publish_rule_set",
        summary="Put an approved rule set into the log, or go back to the one before",
        body=PublicationRequest,
        answer=TakenUp,
        answers={"200": _TAKEN_UP},
    ),
    Operation(
        path="/v1/rules/{rule_id}/resets",
        name="reset_rule",
        summary="Let a rule count again that its breaker holds in shadow",
        body=ResetRequest,
        answer=TakenUp,
        answers={"200": _TAKEN_UP},
    ),
    Operation(
        path="/v1/lists/{list_id}/entries",
        name="add_list_entry",
        summary="Put a value onto a list",
        body=EntryRequest,
        answer=ChangedList,
        answers={"201": _TAKEN_UP, "200": "It stands there just so; nothing was written."},
    ),
    Operation(
        path="/v1/lists/{list_id}/removals",
        name="remove_list_entry",
        summary="Take a value off a list",
        body=RemovalRequest,
        answer=ChangedList,
        answers={"200": _TAKEN_UP},
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
    structs = [struct for each in OPERATIONS for struct in (each.body, each.answer)]
    _, schemas = msgspec.json.schema_components([*structs, ProblemDetails], ref_template=_TEMPLATE)
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
