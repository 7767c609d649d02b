"""`PUT /v1/accounts/{account_id}`: whose an account is, where, in which currency, how far down."""

from dataclasses import dataclass

import msgspec
from fastapi import Response

from api.answers import JSON
from api.guard import Visit, identifier
from api.ports import AccountConflict
from api.problems import Refusal
from api.services import Services
from data_contracts.codec import encode
from data_contracts.door import parse_strictly
from data_contracts.money import currencies
from data_contracts.transaction import Currency, Identifier
from data_contracts.violation import ContractViolation
from ledger.values import Account


class AccountRegistration(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Whose an account is: a customer sees it by `customer_id`, a teller by `branch_id`."""

    currency: Currency
    customer_id: Identifier | None = None
    branch_id: Identifier | None = None
    may_go_negative: bool = False


class RegisteredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account as the registry has it now."""

    account_id: str
    currency: str
    customer_id: str | None
    branch_id: str | None
    may_go_negative: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """Registers accounts."""

    services: Services

    async def account(self, visit: Visit) -> Response:
        """201 with a new account, 200 with one that was there; sending it twice changes nothing."""
        account_id = identifier(visit.path["account_id"], "account-not-found")
        asked = parse_strictly(visit.body, AccountRegistration)
        account = _account(visit.principal.tenant, account_id, asked)
        try:
            is_new = await self.services.books.register(account, self.services.clock())
        except AccountConflict:
            raise Refusal("account-conflict", pointer="/currency") from None
        answer = RegisteredAccount(
            account_id=account_id,
            currency=asked.currency,
            customer_id=asked.customer_id,
            branch_id=asked.branch_id,
            may_go_negative=asked.may_go_negative,
        )
        return Response(encode(answer), 201 if is_new else 200, media_type=JSON)


def _account(tenant: str, account_id: str, asked: AccountRegistration) -> Account:
    if asked.currency not in currencies():
        raise ContractViolation("currency", "/currency", "use an active ISO 4217 code")
    return Account(
        tenant=tenant,
        account_id=account_id,
        currency=asked.currency,
        customer_id=asked.customer_id,
        branch_id=asked.branch_id,
        may_go_negative=asked.may_go_negative,
    )
