"""How far scoring is with features that are filled with their history."""

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from watchkeeper.scraping import metrics_of
from watchkeeper.stack.descriptor import Descriptor

FEATURES, DONE = "watchkeeper_scoring_warming_features", "watchkeeper_scoring_warming_done"


class Warming(msgspec.Struct, frozen=True, kw_only=True):
    """`features` are null until they are switched on; `done` of their history is read, 0 to 1."""

    features: int
    done: float

    def sentence(self) -> str:
        """The same in words."""
        if not self.features:
            return "scoring: all features are on"
        are = "1 feature" if self.features == 1 else f"{self.features} features"
        return f"scoring: warming {are}, {self.done:.0%}"


def warming(descriptor: Descriptor) -> Warming | None:
    """What scoring says of itself, or None where it does not answer."""
    text = metrics_of(descriptor, "scoring")
    return None if text is None else read(text)


def read(metrics: str) -> Warming:
    """The figures among all metrics: the cell and shard that is furthest behind."""
    found = {
        family.name: [sample.value for sample in family.samples]
        for family in text_string_to_metric_families(metrics)
        if family.name in {FEATURES, DONE}
    }
    features = max(found.get(FEATURES, ()), default=0)
    return Warming(features=int(features), done=min(found.get(DONE, ()), default=1.0))
