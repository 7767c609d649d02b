"""Grafting: what another shard remembers of features that this one has not held yet."""

import numpy as np

from rules.features.groups import Group
from rules.features.memory import NO_BLOCK
from rules.features.plan import Plan
from rules.features.shard import FeatureShard

_NO_FORGETTING = 0  # By that clock no key has been silent for long.


def graft(shard: FeatureShard, other: FeatureShard) -> None:
    """Take over the features of `other`, which observed all that this shard observed.

    It is for the same share of the keys; of those that are missing here, what it holds is no
    longer missing.
    """
    found = {
        feature.fingerprint: (by, place)
        for by, group in other.groups.items()
        for place, feature in enumerate(group.members)
    }
    taken = [name for name in found if name in shard.plan.missing]
    shard.adopt(shard.plan.without(shard.plan.missing - set(taken)))
    for by in dict.fromkeys(found[name][0] for name in taken):
        _graft(shard.groups[by], other.groups[by], taken)


def held(plan: Plan) -> list[str]:
    """The fingerprints of the features that are not missing."""
    return [item.fingerprint for item in plan.features if item.fingerprint not in plan.missing]


def _graft(group: Group, other: Group, taken: list[str]) -> None:
    theirs = np.flatnonzero(other.keys.table.names[: other.keys.rows, 0])
    touched = other.keys.table.touched[theirs]
    group.make_room(len(theirs), _NO_FORGETTING)
    known = group.keys.find(other.keys.table.names[theirs])
    newest = np.where(known < 0, touched, np.maximum(touched, group.keys.table.touched[known]))
    rows = group.keys.place(other.keys.table.names[theirs], newest)
    base = _append_pool(group, other)
    places = {feature.fingerprint: at for at, feature in enumerate(group.members)}
    for at, feature in enumerate(other.members):
        if feature.fingerprint in taken:
            headers = other.memory.headers[theirs, at].copy()
            headers["offset"][headers["size"] != NO_BLOCK] += base
            group.memory.headers[rows, places[feature.fingerprint]] = headers


def _append_pool(group: Group, other: Group) -> int:
    """Put the other pool behind this one; answers where it begins. Its free blocks are lost."""
    base, more = int(group.memory.used[0]), int(other.memory.used[0])
    pool = np.zeros(max(len(group.memory.pool), base + more), np.int64)
    pool[:base] = group.memory.pool[:base]
    pool[base : base + more] = other.memory.pool[:more]
    group.memory = group.memory._replace(pool=pool)
    group.memory.used[0] = base + more
    return base
