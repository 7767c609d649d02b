"""The routes into the past of an account: its statement, and its transactions, page by page."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query

from api.authentication import Principal
from api.cursors import Question, below, cursor
from api.guard import Admitted, Guard, identifier
from api.models import (
    HistoryAnswer,
    PastTransactionAnswer,
    StatementAnswer,
    StatementLineAnswer,
)
from api.permissions import Action
from api.problems import Refusal
from api.questions import StatementParameters, TransactionParameters
from api.reach import account_in_reach
from api.services import Services
from data_contracts.ids import text
from ledger.history import (
    Page,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
)
from ledger.values import Account


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """Both of them."""

    @app.get(
        "/v1/accounts/{account_id}/statement",
        summary="The transfers of an account in one currency, each with the balance it left",
        response_model_exclude_none=True,
    )
    async def read_statement(
        account_id: str,
        asked: Annotated[StatementParameters, Query()],
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_STATEMENT))],
    ) -> StatementAnswer:
        found = identifier(account_id, "account-not-found")
        account = await account_in_reach(services.books, principal, found)
        if account is None:
            raise Refusal("account-not-found")
        return await _statement(services, account, asked)

    @app.get(
        "/v1/accounts/{account_id}/transactions",
        summary="The transactions of an account and what became of them, newest first",
        response_model_exclude_none=True,
    )
    async def read_transactions(
        account_id: str,
        asked: Annotated[TransactionParameters, Query()],
        principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_TRANSACTION))],
    ) -> HistoryAnswer:
        found = identifier(account_id, "account-not-found")
        account = await account_in_reach(services.books, principal, found)
        answer = await _transactions(services, principal.tenant, found, asked)
        if account is None and not answer.transactions:
            raise Refusal("account-not-found")
        return answer


async def _statement(
    services: Services, account: Account, asked: StatementParameters
) -> StatementAnswer:
    currency = asked.currency or account.currency
    if currency is None:
        raise Refusal("not-as-agreed", "query.currency: this account has many, name one")
    question = ("statement", account.tenant, account.account_id, currency, asked.since, asked.until)
    page = await services.books.statement(
        StatementQuery(
            tenant=account.tenant,
            account_id=account.account_id,
            currency=currency,
            since=asked.since,
            until=asked.until,
            below=below(question, asked.cursor),
            limit=asked.limit,
        )
    )
    return StatementAnswer(
        account_id=account.account_id,
        currency=currency,
        lines=tuple(_line(line) for line in page.items),
        next_cursor=_next(question, page),
    )


async def _transactions(
    services: Services, tenant: str, account_id: str, asked: TransactionParameters
) -> HistoryAnswer:
    filters = (asked.status, asked.type, asked.min_amount, asked.max_amount)
    question = ("transactions", tenant, account_id, *filters, asked.since, asked.until)
    page = await services.books.transactions(
        TransactionQuery(
            tenant=tenant,
            account_id=account_id,
            status=asked.status,
            type=asked.type,
            amount_min=asked.min_amount,
            amount_max=asked.max_amount,
            since=asked.since,
            until=asked.until,
            below=below(question, asked.cursor),
            limit=asked.limit,
        )
    )
    return HistoryAnswer(
        account_id=account_id,
        transactions=tuple(_past_transaction(each) for each in page.items),
        next_cursor=_next(question, page),
    )


def _next(question: Question, page: Page[StatementLine] | Page[PastTransaction]) -> str | None:
    return None if page.next_below is None else cursor(question, page.next_below)


def _line(line: StatementLine) -> StatementLineAnswer:
    return StatementLineAnswer(
        transfer_id=line.transfer_id,
        transaction_id=line.transaction_id,
        type=line.type,
        counter_account=line.counter_account,
        counter_kind=line.counter_kind,
        amount_minor=line.moved,
        currency=line.currency,
        balance_after_minor=line.after,
        version=line.version,
        occurred_at=line.occurred_at,
        booked_at=line.booked_at,
    )


def _past_transaction(past: PastTransaction) -> PastTransactionAnswer:
    outcome = past.outcome
    return PastTransactionAnswer(
        transaction_id=outcome.transaction_id,
        event_id=text(outcome.event_id),
        type=outcome.type,
        direction=outcome.direction,
        amount_minor=outcome.amount_minor,
        currency=outcome.currency,
        decision=outcome.verdict,
        outcome=outcome.status,
        outcome_reason=outcome.reason_code,
        hold_ended=past.hold_ended,
        position=outcome.position,
        occurred_at=outcome.occurred_at,
        booked_at=outcome.booked_at,
    )
