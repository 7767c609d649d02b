"""`POST /v1/transactions` and `POST /v1/transactions:batch`: raw bodies, no framework between."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec
from fastapi import Response

from api.answers import JSON
from api.authentication import Principal
from api.guard import Visit
from api.intake import BATCH_SECONDS, SINGLE_SECONDS, Fate, Intake, Receipt, Receipts, cell_of
from api.ports import LogAway
from api.problems import PROBLEMS, Refusal, retry_later
from api.reach import beyond_reach
from api.services import Services
from data_contracts.codec import encode
from data_contracts.door import check_future, parse_batch, parse_request
from data_contracts.ids import text
from data_contracts.transaction import TransactionRequest
from data_contracts.violation import ContractViolation

IDEMPOTENCY_STATUS = "idempotency-status"
DEGRADED = "degraded"

Parsed = TransactionRequest | ContractViolation


class SubmittedTransaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one transaction; `position` is absent where the log did not tell it."""

    transaction_id: str
    event_id: str
    status: Literal["new", "duplicate"]
    cell: int
    position: int | None = None


class BatchItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one transaction of a batch; `code` names the problem of one not taken."""

    status: Literal["accepted", "duplicate", "conflict", "refused"]
    transaction_id: str | None = None
    event_id: str | None = None
    cell: int | None = None
    position: int | None = None
    code: str | None = None
    pointer: str | None = None
    detail: str | None = None


class SubmittedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One result per transaction, in the order of the request, and how many there are of each."""

    results: Sequence[BatchItem]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Submission:
    """Takes transactions that were let in."""

    services: Services

    async def one(self, visit: Visit) -> Response:
        """202 with a new transaction's position, 200 where it was here before."""
        now = self.services.clock()
        request = parse_request(visit.body)
        check_future(request, now)
        strangers = await self._strangers(visit.principal, [request])
        if strangers:
            raise Refusal("account-not-found", pointer="/account_id")
        receipts = await self._write(visit.principal, now, SINGLE_SECONDS, [request])
        return self._answer_one(visit.principal.tenant, request, receipts)

    async def batch(self, visit: Visit) -> Response:
        """202 with one result per transaction, in order."""
        now = self.services.clock()
        parsed = [_not_from_the_future(item, now) for item in parse_batch(visit.body)]
        requests = [item for item in parsed if isinstance(item, TransactionRequest)]
        strangers = await self._strangers(visit.principal, requests)
        if strangers:
            parsed = [_no_stranger(item, strangers) for item in parsed]
            requests = [item for item in parsed if isinstance(item, TransactionRequest)]
        receipts = await self._write(visit.principal, now, BATCH_SECONDS, requests)
        return self._answer_batch(visit.principal.tenant, parsed, receipts)

    async def _strangers(
        self, principal: Principal, requests: Sequence[TransactionRequest]
    ) -> frozenset[str]:
        """The accounts among these that are not within the sender's reach."""
        ids = {request.account_id for request in requests}
        return await beyond_reach(self.services.books, principal, ids)

    async def _write(
        self,
        principal: Principal,
        now: datetime,
        seconds: int,
        requests: Sequence[TransactionRequest],
    ) -> Receipts:
        if not requests:
            return Receipts((), is_degraded=False)
        intake = Intake(principal.tenant, now, seconds)
        try:
            receipts = await self.services.writer.write(intake, requests)
        except LogAway:
            self.services.metrics.log_failures.inc()
            raise
        if receipts.is_degraded:
            self.services.metrics.degraded.inc()
        return receipts

    def _answer_one(self, tenant: str, request: TransactionRequest, receipts: Receipts) -> Response:
        (receipt,) = receipts.receipts
        self._count([receipt.fate.value])
        if receipt.fate is Fate.CONFLICT:
            headers = {IDEMPOTENCY_STATUS: Fate.CONFLICT.value}
            raise Refusal("conflict", pointer="/transaction_id", headers=headers)
        if receipt.fate is Fate.IN_PROGRESS:
            raise retry_later("in-progress")
        is_new = receipt.fate is Fate.ACCEPTED
        answer = SubmittedTransaction(
            transaction_id=request.transaction_id,
            event_id=text(receipt.event),
            status="new" if is_new else "duplicate",
            cell=cell_of(tenant, self.services.cells),
            position=receipt.position,
        )
        location = f"/v1/transactions/{quote(request.transaction_id, safe='')}"
        remembered = DEGRADED if receipts.is_degraded else answer.status
        about = {"location": location, IDEMPOTENCY_STATUS: remembered}
        return Response(encode(answer), 202 if is_new else 200, about, JSON)

    def _answer_batch(self, tenant: str, parsed: Sequence[Parsed], receipts: Receipts) -> Response:
        cell, left = cell_of(tenant, self.services.cells), iter(receipts.receipts)
        results = [
            _refused(item.code, f"/transactions/{number}{item.pointer}", item.detail)
            if isinstance(item, ContractViolation)
            else _settled(number, item.transaction_id, cell, next(left))
            for number, item in enumerate(parsed)
        ]
        counts = self._count([result.status for result in results])
        for code, count in Counter(result.code for result in results if result.code).items():
            self.services.metrics.refusals.labels(code).inc(count)
        headers = {IDEMPOTENCY_STATUS: DEGRADED if receipts.is_degraded else "checked"}
        return Response(encode(SubmittedBatch(results=results, counts=counts)), 202, headers, JSON)

    def _count(self, results: Sequence[str]) -> Mapping[str, int]:
        counts = Counter(results)
        for result, count in counts.items():
            self.services.metrics.transactions.labels(result).inc(count)
        return counts


def _not_from_the_future(item: Parsed, now: datetime) -> Parsed:
    if isinstance(item, TransactionRequest):
        try:
            check_future(item, now)
        except ContractViolation as violation:
            return violation
    return item


def _no_stranger(item: Parsed, strangers: frozenset[str]) -> Parsed:
    if isinstance(item, TransactionRequest) and item.account_id in strangers:
        return ContractViolation(
            "account-not-found", "/account_id", PROBLEMS["account-not-found"].title
        )
    return item


def _refused(code: str, pointer: str, detail: str) -> BatchItem:
    return BatchItem(status="refused", code=code, pointer=pointer, detail=detail)


def _settled(number: int, transaction_id: str, cell: int, receipt: Receipt) -> BatchItem:
    match receipt.fate:
        case Fate.ACCEPTED | Fate.DUPLICATE:
            return BatchItem(
                status="accepted" if receipt.fate is Fate.ACCEPTED else "duplicate",
                transaction_id=transaction_id,
                event_id=text(receipt.event),
                cell=cell,
                position=receipt.position,
            )
        case _:
            return BatchItem(
                status="conflict" if receipt.fate is Fate.CONFLICT else "refused",
                transaction_id=transaction_id,
                code=receipt.fate.value,
                pointer=f"/transactions/{number}/transaction_id",
                detail=PROBLEMS[receipt.fate.value].hint,
            )
