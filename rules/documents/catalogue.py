"""A whole catalogue: every file of it read, names resolved across files, mistakes collected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rules.documents.features import read_feature
from rules.documents.lists import read_list, read_policy
from rules.documents.rules import (
    RuleDocument,
    RuleReader,
    Surroundings,
    read_own_features,
)
from rules.expressions import tree
from rules.forms import Form, read_form
from rules.mistakes import Mistake, Mistakes, Place
from rules.model import EntityList, FeatureDefinition, ListKind, Policy, RuleSet, Status
from rules.words import is_id

POLICY_DEFAULT = Policy(review_at=50, decline_at=90)
NOT_LOADED = {Status.DRAFT, Status.RETIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every rule that could be read, drafts and retired ones too, with all it refers to."""

    documents: tuple[RuleDocument, ...]
    features: Mapping[str, FeatureDefinition]
    lists: tuple[EntityList, ...]
    policy: Policy
    mistakes: tuple[Mistake, ...]
    places: Mapping[str, Place] = field(default_factory=dict)  # Of the features.

    def rule_set(self) -> RuleSet:
        """What is published: rules that are loaded, and the features that they use."""
        rules = [item.rule for item in self.documents if item.rule.status not in NOT_LOADED]
        return self.rule_set_of(rules_of=[item.id for item in rules])

    def rule_set_of(self, rules_of: Sequence[str]) -> RuleSet:
        """A rule set of the named rules alone, whatever their status."""
        rules = [item.rule for item in self.documents if item.rule.id in rules_of]
        used = {name for rule in rules for name in rule.features}
        return RuleSet(
            rules=tuple(sorted(rules, key=lambda rule: rule.id)),
            features=tuple(self.features[name] for name in sorted(used)),
            lists=tuple(sorted(self.lists, key=lambda item: item.id)),
            policy=self.policy,
        )

    def document(self, rule_id: str) -> RuleDocument | None:
        """The rule of that id."""
        return next((item for item in self.documents if item.rule.id == rule_id), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of a catalogue stand; `catalogue/` or the folder above it may be given."""

    rules: Path
    around: Path

    @classmethod
    def of(cls, folder: Path) -> "Layout":
        """Find the parts."""
        if (folder / "catalogue").is_dir():
            return cls(folder / "catalogue", folder)
        has_own = (folder / "policy.yaml").is_file()
        return cls(folder, folder if has_own else folder.parent)

    def rule_files(self) -> list[Path]:
        """The rule files by typology and name."""
        return sorted(self.rules.glob("*/*.yaml"))

    def list_files(self) -> list[Path]:
        """The lists."""
        return sorted((self.around / "lists").glob("*.yaml"))

    def typologies(self) -> frozenset[str]:
        """The typologies that there are: a folder makes one."""
        return frozenset(path.name for path in self.rules.iterdir() if path.is_dir())


def read_catalogue(folder: Path) -> Catalogue:
    """Read all files of a catalogue, and name all mistakes of all of them."""
    return _Reader(Layout.of(folder)).read()


@dataclass(frozen=True, slots=True)
class _RuleFile:
    path: Path
    form: Form
    own: tuple[FeatureDefinition, ...]

    def place_of(self, name: str) -> Place:
        """Where the file defines a feature."""
        form = self.form.form("features")
        assert form is not None
        return form.key_place(name)


@dataclass(frozen=True, slots=True)
class _Defined:
    """A feature as some file defines it; None where the definition has a mistake."""

    name: str
    place: Place
    definition: FeatureDefinition | None


@dataclass(slots=True)
class _Reader:
    layout: Layout
    mistakes: Mistakes = field(default_factory=Mistakes)

    def read(self) -> Catalogue:
        files = self._rule_files()
        lists, shared = self._lists(), self._shared()
        self._check_features(files, shared)
        around = self._around(files, shared, lists)
        documents = self._documents(files, around)
        if self.mistakes.count() == 0:
            self._warn_of_unused(documents, [*self._own(files), *shared], lists)
        own = {item.name: item for file in files for item in file.own}
        return Catalogue(
            documents=tuple(documents),
            features={**own, **around.shared},
            lists=tuple(item for item, _ in lists),
            policy=self._policy(),
            mistakes=tuple(self.mistakes.in_order()),
            places={item.name: item.place for item in [*shared, *self._own(files)]},
        )

    def _around(
        self,
        files: Sequence[_RuleFile],
        shared: Sequence[_Defined],
        lists: Sequence[tuple[EntityList, Place]],
    ) -> Surroundings:
        sound = {item.name: item.definition for item in shared if item.definition is not None}
        return Surroundings(
            sound,
            {item.name: str(file.path) for file in files for item in file.own},
            frozenset(item.name for item in shared if item.definition is None),
            frozenset(item.id for item, _ in lists if item.kind is ListKind.REFERENCE),
            self.layout.typologies(),
        )

    def _own(self, files: Sequence[_RuleFile]) -> list[_Defined]:
        return [
            _Defined(item.name, file.place_of(item.name), item)
            for file in files
            for item in file.own
        ]

    def _form(self, path: Path) -> Form | None:
        return read_form(path, str(path), self.mistakes)

    def _complain(self, path: Path, message: str, hint: str) -> None:
        self.mistakes.add(Place(str(path), 1, 1), "file", message, hint)

    def _rule_files(self) -> list[_RuleFile]:
        paths = self.layout.rule_files()
        if not paths:
            self._complain(self.layout.rules, "no rule file here", "begin with TYPOLOGY/ID.yaml")
        forms = [(path, self._form(path)) for path in paths]
        return [_RuleFile(path, form, read_own_features(form)) for path, form in forms if form]

    def _shared(self) -> list[_Defined]:
        path = self.layout.around / "features.yaml"
        form = self._form(path) if path.is_file() else None
        if form is None:
            return []
        table = form.form("features")
        forms = form.named_forms("features") if table is not None else {}
        form.close()
        return [
            _Defined(name, table.key_place(name), read_feature(item, name))
            for name, item in forms.items()
            if table is not None
        ]

    def _lists(self) -> list[tuple[EntityList, Place]]:
        found: dict[str, tuple[EntityList, Place]] = {}
        for path in self.layout.list_files():
            form = self._form(path)
            if form is None:
                continue
            item = read_list(form)
            if item.id != path.stem:
                form.add("id", f'"{item.id}" stands in {path.name}', "name both alike")
            found.setdefault(item.id, (item, form.place("id")))
        return [found[name] for name in sorted(found)]

    def _policy(self) -> Policy:
        path = self.layout.around / "policy.yaml"
        if not path.is_file():
            self._complain(path, "the file is missing", "give review_at and decline_at")
            return POLICY_DEFAULT
        form = self._form(path)
        return POLICY_DEFAULT if form is None else read_policy(form)

    def _check_features(self, files: Sequence[_RuleFile], shared: Sequence[_Defined]) -> None:
        first = {item.name: item.place for item in shared}
        for item in self._own(files):
            known = first.setdefault(item.name, item.place)
            if known is not item.place:
                message = f"{known.path}:{known.line} defines a feature of this name too"
                key = f"features.{item.name}"
                self.mistakes.add(item.place, key, message, "rename one or share it")

    def _documents(self, files: Sequence[_RuleFile], around: Surroundings) -> list[RuleDocument]:
        first: dict[str, Path] = {}
        documents = []
        for file in files:
            before = self.mistakes.count()
            document = RuleReader(file.form, file.own, around).read()
            self._check_place(file, first)
            if document is not None and self.mistakes.count() == before:
                documents.append(document)
        return sorted(documents, key=lambda document: document.rule.id)

    def _check_place(self, file: _RuleFile, first: dict[str, Path]) -> None:
        rule_id = file.form.text("id", required=False)
        typology = file.form.text("typology", required=False)
        known = first.setdefault(rule_id, file.path)
        if rule_id and known != file.path:
            file.form.add("id", f'{known} has the id "{rule_id}" too', "choose another id")
        elif is_id(rule_id) and rule_id != file.path.stem:
            file.form.add("id", f'"{rule_id}" stands in {file.path.name}', "name both alike")
        if typology in self.layout.typologies() and typology != file.path.parent.name:
            message = f'"{typology}" stands in the folder {file.path.parent.name}'
            file.form.add("typology", message, "move the file")

    def _warn_of_unused(
        self,
        documents: Sequence[RuleDocument],
        features: Sequence[_Defined],
        lists: Sequence[tuple[EntityList, Place]],
    ) -> None:
        used = {name for document in documents for name in document.rule.features}
        for item in features:
            if item.name not in used:
                self.mistakes.warn(item.place, f"features.{item.name}", "no rule uses this feature")
        named = {name for document in documents for name in tree.lists_of(document.when)}
        for found, place in lists:
            if found.kind is ListKind.REFERENCE and found.id not in named:
                self.mistakes.warn(place, "id", "no rule uses this list")
