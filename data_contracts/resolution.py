"""The resolution: how a hold ends."""

from enum import StrEnum

import msgspec

from data_contracts.transaction import Instant


class ResolutionKind(StrEnum):
    """What is to be done with the money that was set aside."""

    POST = "post"
    RELEASE = "release"
    EXPIRE = "expire"


class Resolution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The end of a hold; its id is made from hold and kind, and the first one wins."""

    resolution_id: str
    tenant: str
    event_id: str
    kind: ResolutionKind
    reason: str
    resolved_by: str
    resolved_at: Instant
