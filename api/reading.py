"""The routes that only read: a transaction, a balance, and who one is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Query

from api.authentication import Principal
from api.guard import Admitted, Guard, identifier
from api.intake import cell_of
from api.models import (
    AccountBalanceAnswer,
    BalanceAnswer,
    HitAnswer,
    ListHitAnswer,
    SelfAnswer,
    TransactionAnswer,
)
from api.permissions import REACH, Action, may
from api.ports import MemoryAway
from api.problems import Refusal, retry_later
from api.questions import BalanceParameters
from api.reach import beyond_reach
from api.services import Services
from data_contracts.ids import event_id, text
from ledger.history import PastBalance
from ledger.values import Outcome, Statement


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """All of them."""

    @app.get(
        "/v1/transactions/{transaction_id}",
        summary="A transaction, as far as it has come",
        response_model_exclude_none=True,
    )
    async def read_transaction(
        transaction_id: str,
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_TRANSACTION))],
    ) -> TransactionAnswer:
        answer = await _transaction(
            services, principal.tenant, identifier(transaction_id, "transaction-not-found")
        )
        if answer is None or await beyond_reach(services.books, principal, [answer.account_id]):
            raise Refusal("transaction-not-found")
        return answer

    @app.get(
        "/v1/accounts/{account_id}/balance",
        summary="What an account holds, or held at any time",
        response_model_exclude_none=True,
    )
    async def read_balance(
        account_id: str,
        asked: Annotated[BalanceParameters, Query()],
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_BALANCE))],
    ) -> AccountBalanceAnswer:
        found = identifier(account_id, "account-not-found")
        if asked.at is not None and asked.at > services.clock():
            raise Refusal("not-yet")
        answer = await _balances(services, principal.tenant, found, asked.at)
        if not answer.balances or await beyond_reach(services.books, principal, [found]):
            raise Refusal("account-not-found")
        return answer

    @app.get(
        "/v1/me",
        summary="Whom the token speaks for, and what it may do",
        response_model_exclude_none=True,
    )
    async def read_self(
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_SELF))],
    ) -> SelfAnswer:
        return SelfAnswer(
            subject=principal.subject,
            tenant=principal.tenant,
            role=principal.role,
            branch=principal.branch,
            reach=REACH[principal.role],
            actions=tuple(action for action in Action if may(principal.role, action)),
        )


async def _transaction(
    services: Services, tenant: str, transaction_id: str
) -> TransactionAnswer | None:
    event = event_id(tenant, transaction_id)
    outcome = await services.books.outcome(tenant, transaction_id)
    if outcome is not None:
        return _booked(outcome)
    try:
        known = await services.natural_ids.known(event)
    except MemoryAway:
        raise retry_later("books-away", "not booked yet, or never sent: unknown now") from None
    if known is None or not known.is_written:
        return None
    return TransactionAnswer(
        transaction_id=transaction_id,
        event_id=text(event),
        account_id=known.account_id,
        status="accepted",
        cell=cell_of(tenant, services.cells),
        position=known.position,
    )


def _booked(outcome: Outcome) -> TransactionAnswer:
    return TransactionAnswer(
        transaction_id=outcome.transaction_id,
        event_id=text(outcome.event_id),
        account_id=outcome.account_id,
        status="booked",
        cell=outcome.cell,
        position=outcome.position,
        decision=outcome.verdict,
        score=outcome.score,
        rule_set=outcome.rule_set,
        hits=tuple(HitAnswer.model_validate(hit) for hit in outcome.hits),
        list_hit=outcome.list_hit and ListHitAnswer.model_validate(outcome.list_hit),
        outcome=outcome.status,
        outcome_reason=outcome.reason_code,
        decided_at=outcome.decided_at,
        booked_at=outcome.booked_at,
    )


async def _balances(
    services: Services, tenant: str, account_id: str, at: datetime | None
) -> AccountBalanceAnswer:
    if at is None:
        return _now(account_id, await services.books.balances(tenant, account_id))
    return _past(account_id, at, await services.books.balances_at(tenant, account_id, at))


def _past(account_id: str, at: datetime, balances: Sequence[PastBalance]) -> AccountBalanceAnswer:
    return AccountBalanceAnswer(
        account_id=account_id,
        at=at,
        balances=tuple(
            BalanceAnswer(
                currency=balance.currency, posted_minor=balance.posted, version=balance.version
            )
            for balance in balances
        ),
    )


def _now(account_id: str, statements: Sequence[Statement]) -> AccountBalanceAnswer:
    return AccountBalanceAnswer(
        account_id=account_id,
        as_of_position=statements[0].as_of_position if statements else None,
        balances=tuple(
            BalanceAnswer(
                currency=statement.currency,
                posted_minor=statement.balance.posted,
                held_minor=statement.balance.held,
                available_minor=statement.balance.available,
                version=statement.balance.version,
            )
            for statement in statements
        ),
    )
