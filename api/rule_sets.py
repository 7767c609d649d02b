"""Rule sets on their way: one person proposes, another one approves; the database holds the two."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Query, Response

from api.answers import JSON
from api.authentication import Principal
from api.books import at_hand
from api.guard import Admitted, Guard, Visit, identifier
from api.permissions import Action
from api.problems import Refusal
from api.services import Services
from casework.publishing import ApprovedBefore, OwnProposal, UnknownProposal
from casework.values import Approval, Proposal
from data_contracts.codec import encode
from data_contracts.control import RULE_SET_BYTES_MAX
from data_contracts.door import parse_strictly
from rules.evaluation import compile_rule_set
from rules.features.plan import Plan
from rules.model import RuleSet
from rules.rule_set import unpack

BODY_BYTES_MAX = 2 * RULE_SET_BYTES_MAX  # In base64, with a note.
PROPOSALS_MAX = 500
NOT_FOUND = "rule-set-not-found"

Note = Annotated[str, msgspec.Meta(max_length=2_000)]


class RuleSetProposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule set packed as the log carries it, and a word to the one who approves."""

    document: bytes
    note: Note = ""


class RuleSetApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes."""

    note: Note = ""


class Proposals(msgspec.Struct, frozen=True):
    """The newest proposals, newest first."""

    proposals: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class RuleSets:
    """Takes proposals and approvals."""

    services: Services

    async def propose(self, visit: Visit) -> Response:
        """201 with a new proposal; 200 with the one that stands, whoever made it."""
        asked = parse_strictly(visit.body, RuleSetProposal)
        rule_set = await asyncio.to_thread(_sound, asked.document)
        proposal = Proposal(
            rule_set=rule_set.fingerprint(),
            author=visit.principal.subject,
            proposed_at=self.services.clock(),
            note=asked.note,
        )
        async with at_hand():
            found = await self.services.rule_book.propose(proposal, rule_set.canonical())
        return Response(encode(found), 201 if found == proposal else 200, media_type=JSON)

    async def approve(self, visit: Visit) -> Response:
        """201 with the proposal and its approvals; never to the author, never twice to one."""
        rule_set = identifier(visit.path["rule_set"], NOT_FOUND)
        approval = Approval(
            approver=visit.principal.subject,
            approved_at=self.services.clock(),
            note=parse_strictly(visit.body, RuleSetApproval).note,
        )
        async with at_hand():
            try:
                await self.services.rule_book.approve(rule_set, approval)
            except UnknownProposal:
                raise Refusal(NOT_FOUND) from None
            except OwnProposal:
                raise Refusal("own-proposal") from None
            except ApprovedBefore:
                raise Refusal("approved-before") from None
            return Response(
                encode(await self.services.rule_book.proposal(rule_set)), 201, media_type=JSON
            )


def _sound(document: bytes) -> RuleSet:
    """The rule set, once it is sure that it can be worked with."""
    if len(document) > RULE_SET_BYTES_MAX:
        raise Refusal("body-too-large", f"more than {RULE_SET_BYTES_MAX} bytes", "/document")
    try:
        rule_set = unpack(document)
        Plan.of(rule_set.features)
        compile_rule_set(rule_set)
    except (ValueError, LookupError):
        raise Refusal("rule-set-unsound", pointer="/document") from None
    return rule_set


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """The routes that read."""

    @app.get("/v1/rule-sets", summary="Who proposed which rule set, and who approved it")
    async def read_proposals(
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_RULES))],
        limit: Annotated[int, Query(ge=1, le=PROPOSALS_MAX)] = 50,
    ) -> Response:
        async with at_hand():
            found = await services.rule_book.proposals(limit)
        return Response(encode(Proposals(found)), media_type=JSON)

    @app.get("/v1/rule-sets/{rule_set}", summary="A rule set in its canonical form, by its hash")
    async def read_rule_set(
        rule_set: str,
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_RULES))],
    ) -> Response:
        async with at_hand():
            found = await services.rule_book.canonical(identifier(rule_set, NOT_FOUND))
        if found is None:
            raise Refusal(NOT_FOUND)
        return Response(found, media_type=JSON)
