"""Publishing: an approved rule set goes into the log, or the one before it comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import Depends, FastAPI, Response

from api.answers import JSON
from api.authentication import Principal
from api.books import at_hand
from api.controls import Controls, Positions
from api.guard import Admitted, Guard, Visit, identifier
from api.permissions import Action
from api.problems import Refusal
from api.services import Services
from casework.publishing import newest_by_cell, one_before, tripped
from casework.values import PublishedSet
from data_contracts.codec import encode
from data_contracts.control import BreakerRecord, Publishing, RuleSetRecord
from data_contracts.door import parse_strictly
from rules.rule_set import from_canonical, pack

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]


class PublicationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rule set to publish; none for a step back, which needs a reason."""

    act: Literal["apply", "rollback"] = "apply"
    rule_set: str | None = None
    reason: Reason | None = None


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the rule may count again."""

    reason: Reason


class TakenUp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a record stands in each cell's log, and after how long the scorer had taken it up.

    No position: it decided already, and nothing was written.
    """

    positions: Positions
    taken_up_seconds: float | None = None
    rule_set: str | None = None
    act: Publishing | None = None
    author: str | None = None
    approved_by: str | None = None


class TrippedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that a breaker holds in shadow, and why."""

    cell: int
    rule_id: str
    reason: str
    recorded_at: datetime


class Publications(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule set that stood in the log, the newest last, and the breakers that are tripped."""

    publications: Sequence[PublishedSet]
    breakers: Sequence[TrippedRule]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes, goes back, and lets rules count again."""

    services: Services

    async def publish(self, visit: Visit) -> Response:
        """200 once the scorer has taken it up, or after a while without saying so."""
        asked = parse_strictly(visit.body, PublicationRequest)
        async with at_hand():
            published = await self.services.rule_book.published()
            record = await self._record(asked, published, visit.principal.subject)
        newest = newest_by_cell(published)
        behind = [
            cell for cell in range(self.services.cells) if newest.get(cell) != record.rule_set
        ]
        return await self._written(record, behind)

    async def _written(self, record: RuleSetRecord, cells: Sequence[int]) -> Response:
        controls = Controls(self.services)
        positions = await controls.write(record, cells)
        answer = TakenUp(
            positions=positions,
            taken_up_seconds=await controls.taken_up(positions),
            rule_set=record.rule_set,
            act=record.act,
            author=record.author,
            approved_by=record.approved_by,
        )
        return Response(encode(answer), media_type=JSON)

    async def _record(
        self, asked: PublicationRequest, published: Sequence[PublishedSet], by: str
    ) -> RuleSetRecord:
        if asked.act == "rollback":
            return await self._step_back(asked, published, by)
        rule_set = identifier(asked.rule_set or "", "rule-set-not-found")
        proposal = await self.services.rule_book.proposal(rule_set)
        if proposal is None:
            raise Refusal("rule-set-not-found", pointer="/rule_set")
        if not proposal.approvals:
            raise Refusal("not-approved", f"{proposal.author} proposed it", "/rule_set")
        return RuleSetRecord(
            rule_set=rule_set,
            document=await self._document(rule_set),
            published_by=by,
            published_at=self.services.clock(),
            author=proposal.author,
            approved_by=proposal.approvals[0].approver,
            reason=asked.reason,
        )

    async def _step_back(
        self, asked: PublicationRequest, published: Sequence[PublishedSet], by: str
    ) -> RuleSetRecord:
        if asked.reason is None:
            raise Refusal("not-as-agreed", "a step back needs a reason", "/reason")
        before = one_before(published)
        if before is None:
            raise Refusal("nothing-before")
        return RuleSetRecord(
            rule_set=before.rule_set,
            document=await self._document(before.rule_set),
            published_by=by,
            published_at=self.services.clock(),
            author=before.author,
            approved_by=before.approved_by,
            act=Publishing.ROLLBACK,
            reason=asked.reason,
        )

    async def _document(self, rule_set: str) -> bytes:
        canonical = await self.services.rule_book.canonical(rule_set)
        if canonical is None:
            raise Refusal("rule-set-not-found")
        return pack(from_canonical(canonical))

    async def reset(self, visit: Visit) -> Response:
        """200 once the scorer lets the rule count again."""
        rule_id = identifier(visit.path["rule_id"], "rule-not-tripped")
        asked = parse_strictly(visit.body, ResetRequest)
        async with at_hand():
            held = tripped(await self.services.rule_book.breakers())
        if rule_id not in {rule for _, rule in held}:
            raise Refusal("rule-not-tripped")
        record = BreakerRecord(
            rule_id=rule_id,
            is_tripped=False,
            reason=asked.reason,
            recorded_at=self.services.clock(),
            recorded_by=visit.principal.subject,
        )
        controls = Controls(self.services)
        positions = await controls.all_cells(record)
        seconds = await controls.taken_up(positions)
        answer = TakenUp(positions=positions, taken_up_seconds=seconds)
        return Response(encode(answer), media_type=JSON)


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """The route that reads."""

    @app.get("/v1/publications", summary="What was published when, and which rules are tripped")
    async def read_publications(
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_RULES))],
    ) -> Response:
        async with at_hand():
            published = await services.rule_book.published()
            held = tripped(await services.rule_book.breakers())
        breakers = [
            TrippedRule(
                cell=cell,
                rule_id=rule_id,
                reason=trip.reason,
                recorded_at=trip.recorded_at,
            )
            for (cell, rule_id), trip in held.items()
        ]
        answer = Publications(publications=published, breakers=breakers)
        return Response(encode(answer), media_type=JSON)
