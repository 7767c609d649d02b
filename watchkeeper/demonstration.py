"""What a demo leaves: tokens of its users, and the one line of figures at its end."""

from datetime import datetime

import msgspec
import psycopg

from runtime.tokens import Bearer, make_token
from watchkeeper.draining import Drained
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.folder import write_privately

ROLES = ("analyst", "risk", "approver", "auditor", "admin", "service")
_P95 = """
    SELECT extract(epoch FROM
        percentile_disc(0.95) WITHIN GROUP (ORDER BY decided_at - received_at)) * 1000
    FROM ledger.outcomes
    WHERE received_at >= %s
"""


class Demonstrated(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of the demo."""

    accepted: int
    decided: int
    posted: int
    archived: int
    alerts: int
    dead_letters: int
    lost: int
    duplicated: int
    ledger_balanced: bool
    p95_decision_ms: float | None

    @property
    def is_whole(self) -> bool:
        """Nothing is lost or twice, and the books balance."""
        return self.ledger_balanced and not self.lost and not self.duplicated


def write_tokens(descriptor: Descriptor, now: datetime) -> None:
    """Sign in one user of each role: a token for an hour, in a file for its owner only."""
    folder = descriptor.folder.data / "tokens"
    folder.mkdir(mode=0o700, exist_ok=True)
    for role in ROLES:
        bearer = Bearer(subject=f"demo-{role}", tenant=descriptor.tenant, role=role)
        write_privately(folder / role, make_token(descriptor.settings(), bearer, now).encode())


def demonstrated(descriptor: Descriptor, drained: Drained, since: datetime) -> Demonstrated:
    """The figures; latency is from the API's acceptance to the decision, warm-up left out."""
    with psycopg.connect(descriptor.postgres) as connection:
        row = connection.execute(_P95, (since,)).fetchone()
    p95 = None if row is None or row[0] is None else round(float(row[0]), 1)
    totals = drained.totals
    return Demonstrated(
        accepted=totals.accepted,
        decided=totals.decided,
        posted=totals.posted,
        archived=totals.archived,
        alerts=totals.alerts,
        dead_letters=totals.dead_letters,
        lost=drained.lost,
        duplicated=drained.duplicated,
        ledger_balanced=drained.ledger_balanced,
        p95_decision_ms=p95,
    )
