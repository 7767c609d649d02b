"""Rule files: one rule each, complete with owner, reason, runbook and tests."""

from collections.abc import Mapping
from dataclasses import dataclass

from data_contracts.decision import SCORE_MAX, Severity
from rules.documents.bands import read_band_of, read_bands
from rules.documents.cases import Case, read_cases
from rules.documents.expressions import condition_text, read_expression
from rules.documents.features import read_feature
from rules.documents.lists import read_alert_budget
from rules.expressions import tree
from rules.expressions.names import Names, feature_type, fields
from rules.forms import Form
from rules.located_yaml import Scalar
from rules.mistakes import Place, did_you_mean
from rules.model import Breaker, FeatureDefinition, Rule, Status, Suppress
from rules.reasons import PLACE, names_in
from rules.words import ID, is_id

VERSION_MAX = 1_000_000
HITS_MAX = 1_000_000
SUPPRESS_MS_MAX = 30 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDocument:
    """A rule with its own features and its tests, and where it stands."""

    rule: Rule
    when: tree.Condition
    features: tuple[FeatureDefinition, ...]
    cases: tuple[Case, ...]
    place: Place
    version_place: Place


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule file may refer to; `owners` says which file defines the features of rules."""

    shared: Mapping[str, FeatureDefinition]
    owners: Mapping[str, str]
    broken: frozenset[str]
    lists: frozenset[str]
    typologies: frozenset[str]


def read_own_features(form: Form) -> tuple[FeatureDefinition, ...]:
    """The features that a rule file defines itself."""
    forms = form.named_forms("features", required=False)
    found = [read_feature(item, name) for name, item in forms.items()]
    return tuple(definition for definition in found if definition is not None)


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Reads one rule file whose own features are known already."""

    form: Form
    own: tuple[FeatureDefinition, ...]
    around: Surroundings

    def read(self) -> RuleDocument | None:
        """Read the rule; None where the file has a mistake."""
        form, before = self.form, self.form.mistakes.count()
        names = self._names()
        when = read_expression(form, "when", names)
        rule = self._rule(names, when)
        cases = read_cases(form)
        form.close()
        if form.mistakes.count() > before or when is None:
            return None
        return RuleDocument(
            rule=rule,
            when=when,
            features=self.own,
            cases=cases,
            place=form.table.place,
            version_place=form.place("version"),
        )

    def _names(self) -> Names:
        self.form.has("features")
        known = {**self.around.shared, **{item.name: item for item in self.own}}
        elsewhere = {name: owner for name, owner in self.around.owners.items() if name not in known}
        types = {name: feature_type(item) for name, item in known.items()}
        features = self.form.form("features", required=False)
        own = set() if features is None else set(features.table.entries)
        broken = (own | self.around.broken) - types.keys()
        return Names(types, self.around.lists, elsewhere, broken)

    def _rule(self, names: Names, when: tree.Condition | None) -> Rule:
        form = self.form
        band_of = read_band_of(form, names)
        is_banded = form.has("bands") or band_of is not None
        bands = read_bands(form) if is_banded else ()
        if is_banded and band_of is None:
            form.missing("band_of", "name the field or feature that the bands divide")
        if is_banded and form.has("score"):
            form.add("score", "a rule has a score or bands, not both")
        reasons = self._reasons(names)
        used = {*reasons, *([band_of] if band_of else [])}
        used |= tree.features_of(when) if when is not None else set()
        return Rule(
            id=self._id("id"),
            version=form.whole("version", 1, VERSION_MAX),
            title=form.text("title"),
            typology=self._typology(),
            severity=form.choice("severity", Severity),
            owner=form.text("owner"),
            status=form.choice("status", Status),
            features=tuple(sorted(used - fields().keys())),
            when=condition_text(form, "when"),
            score=None if is_banded else form.whole("score", 0, SCORE_MAX),
            band_of=band_of,
            bands=bands,
            reason=form.text("reason"),
            suppress=self._suppress(),
            breaker=self._breaker(),
            canary_percent=form.whole("canary_percent", 1, 99, 10),
            runbook=form.text("runbook"),
            references=form.texts("references", required=False),
            alert_budget_per_day=read_alert_budget(form),
        )

    def _id(self, key: str) -> str:
        text = self.form.text(key)
        if text and not is_id(text):
            self.form.add(key, f'"{text}" is no id', ID)
        return text

    def _typology(self) -> str:
        typology = self._id("typology")
        if is_id(typology) and typology not in self.around.typologies:
            hint = did_you_mean(typology, self.around.typologies)
            self.form.add("typology", f'unknown typology "{typology}"', hint)
        return typology

    def _reasons(self, names: Names) -> set[str]:
        scalars = [(self.form, self.form.scalar("reason", required=False))]
        if self.form.has("bands"):
            items = self.form.forms("bands")
            scalars += [(item, item.scalar("reason", required=False)) for item in items]
        return {
            name
            for form, scalar in scalars
            if scalar is not None
            for name in self._names_in(form, scalar, names)
        }

    def _names_in(self, form: Form, scalar: Scalar, names: Names) -> tuple[str, ...]:
        for match in PLACE.finditer(scalar.text):
            if names.type_of(match[1]) is None and match[1] not in names.broken:
                message = f'unknown field or feature "{match[1]}"'
                hint = names.hint(match[1])
                place = scalar.place_at(match.start(1))
                form.mistakes.add(place, form.called("reason"), message, hint)
        rest = PLACE.sub("", scalar.text)
        if "{" in rest or "}" in rest:
            form.add("reason", "a brace without its partner", "write {card_count_10m}")
        return tuple(name for name in names_in(scalar.text) if names.type_of(name) is not None)

    def _suppress(self) -> Suppress | None:
        form = self.form.form("suppress", required=False)
        if form is None:
            return None
        by = form.text("by")
        form.describe("by", {"enum": sorted(fields())})
        if by and by not in fields():
            form.add("by", f'unknown field "{by}"', did_you_mean(by, fields()))
        for_ms = form.duration("for")
        if for_ms is not None and not 0 < for_ms <= SUPPRESS_MS_MAX:
            form.add("for", "out of range", "use up to 30d")
        form.close()
        return Suppress(by=by, for_ms=for_ms or 0)

    def _breaker(self) -> Breaker | None:
        form = self.form.form("breaker", required=False)
        if form is None:
            return None
        has_hits, has_share = form.has("max_hits_per_hour"), form.has("max_decline_share")
        breaker = Breaker(
            max_hits_per_hour=form.whole("max_hits_per_hour", 1, HITS_MAX) if has_hits else None,
            max_decline_share=form.number("max_decline_share", 0.0, 1.0) if has_share else None,
            least_decisions=form.whole("least_decisions", 1, HITS_MAX, 100),
        )
        if not (has_hits or has_share):
            form.missing("max_hits_per_hour", "or give max_decline_share")
        form.close()
        return breaker
