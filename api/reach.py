"""Which accounts the one who asks may know of: the registry says whose they are, each time."""

from collections.abc import Collection

from api.authentication import Principal
from api.permissions import REACH, Reach, sees
from api.ports import Books
from api.problems import Refusal
from ledger.values import Account


async def beyond_reach(
    books: Books, principal: Principal, account_ids: Collection[str]
) -> frozenset[str]:
    """The accounts among these that this principal may not know of."""
    if REACH[principal.role] is Reach.TENANT or not account_ids:
        return frozenset()
    known = await books.accounts(principal.tenant, account_ids)
    return frozenset(each for each in account_ids if not _sees(principal, known.get(each)))


async def account_in_reach(books: Books, principal: Principal, account_id: str) -> Account | None:
    """The account, None where nobody registered it; `Refusal` where it is beyond reach."""
    account = (await books.accounts(principal.tenant, [account_id])).get(account_id)
    if not _sees(principal, account):
        raise Refusal("account-not-found")
    return account


def _sees(principal: Principal, account: Account | None) -> bool:
    return sees(principal.role, principal.subject, principal.branch, account)
