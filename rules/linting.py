"""Lint: everything that can be said of a catalogue without running it."""

from dataclasses import dataclass
from pathlib import Path

from rules.costs import MEGABYTE, Costs, cost_of, costs_of
from rules.documents.budget import Budget, read_budget
from rules.documents.catalogue import Catalogue, Layout, read_catalogue
from rules.documents.locking import check_lock, lock_path
from rules.documents.modelines import check_modelines
from rules.forms import duration_text, read_form
from rules.mistakes import Level, Mistake, Mistakes, Place
from rules.model import FeatureDefinition


@dataclass(frozen=True, slots=True)
class Linted:
    """A catalogue with all that was found, and what it would cost."""

    catalogue: Catalogue
    mistakes: tuple[Mistake, ...]
    budget: Budget | None
    costs: Costs

    @property
    def errors(self) -> list[Mistake]:
        """What has to be mended; the rest are warnings."""
        return [mistake for mistake in self.mistakes if mistake.level is Level.ERROR]


def lint(folder: Path) -> Linted:
    """Read a catalogue and check it, its lock and its budget."""
    catalogue, notes = read_catalogue(folder), Mistakes()
    path = Layout.of(folder).around / "budget.yaml"
    budget = _budget(path, notes)
    costs = costs_of(catalogue.rule_set(), budget or Budget())
    if budget is not None:
        for name, place in catalogue.places.items():
            if name in catalogue.features:
                _check_feature(catalogue.features[name], place, budget, notes)
        _check_total(costs, budget, Place(str(path), 1, 1), notes)
    found = {*catalogue.mistakes, *notes.found, *check_modelines(folder)}
    found |= set(check_lock(catalogue, lock_path(folder)))
    return Linted(catalogue, tuple(sorted(found)), budget, costs)


def _budget(path: Path, notes: Mistakes) -> Budget | None:
    """The budget; None where there is none, or one with a mistake."""
    before = notes.count()
    form = read_form(path, str(path), notes) if path.is_file() else None
    budget = None if form is None else read_budget(form)
    return budget if notes.count() == before else None


def _check_feature(
    definition: FeatureDefinition, place: Place, budget: Budget, notes: Mistakes
) -> None:
    key = f"features.{definition.name}"
    if definition.window_ms > budget.window_max_ms:
        window, most = duration_text(definition.window_ms), duration_text(budget.window_max_ms)
        message = f"a window of {window} is longer than the {most} that budget.yaml allows"
        notes.add(place, key, message, f"write window: {most}, or raise window_max")
        return
    cost, most_bytes = cost_of(definition, budget), budget.feature_megabytes * MEGABYTE
    if cost.bytes > most_bytes:
        message = (
            f"{cost.keys:,} keys of {cost.entries:,} entries take about "
            f"{cost.bytes // MEGABYTE:,} of {budget.feature_megabytes:,} MB"
        )
        hint = "shorten the window, enlarge the tile, lower the capacity, or raise the budget"
        notes.add(place, key, message, hint)


def _check_total(costs: Costs, budget: Budget, place: Place, notes: Mistakes) -> None:
    if costs.bytes > budget.state_megabytes * MEGABYTE:
        message = (
            f"all features together take about {costs.bytes // MEGABYTE:,} of "
            f"{budget.state_megabytes:,} MB"
        )
        notes.add(place, "state_megabytes", message, "`watchkeeper rules lint --costs` says which")
    if costs.microseconds > budget.microseconds_per_event:
        message = (
            f"an event costs about {costs.microseconds:.1f} of "
            f"{budget.microseconds_per_event:g} µs on one core"
        )
        hint = "`watchkeeper rules lint --costs` says where"
        notes.add(place, "microseconds_per_event", message, hint)
