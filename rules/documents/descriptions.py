"""What each key of the rule files means, in a sentence: for editors and for the guide."""

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "rule": "A rule: what is suspicious, why, and what an analyst does about it",
    "features": "Features that any rule may name",
    "list": "A list of values, each with an owner and a reason",
    "policy": "What a score means",
    "budget": "How much comes in, and what it may cost to remember it",
}

FEATURE: Mapping[str, str] = {
    "aggregate": "What is made of the events in the window.",
    "of": "The field that it is made of; none for count and, where any event will do, first_seen.",
    "by": "The field, or fields, under which an event is remembered.",
    "at": "The fields under which the judged event looks, where they are others than `by`.",
    "window": "How far back it looks: 1m to 90d; above an hour in whole hours.",
    "tile": "Above an hour: the step in which the window moves; it divides the window.",
    "where": "Which events count: an SQL condition over fields of the transaction.",
    "current": "Whether the judged event counts itself; it does unless excluded.",
    "capacity": "How many events of a key are remembered; past it the value is null (saturated).",
    "distinct_capacity": "How many different values are; past it the value is null (saturated).",
}
EVENT: Mapping[str, str] = {
    "at": "How long before the judged event, or before `now`: -5m.",
    "repeat": "Make so many events of this line; {n} in a text is their number.",
    "every": "How far apart repeated events are.",
}
RULE: Mapping[str, str] = {
    "id": "The name of the file, for ever: words of a-z and 0-9 joined by -.",
    "version": "Rises with every change of what the rule hits, scores or says.",
    "title": "What the rule looks for, in a line.",
    "typology": "The pattern of crime; the name of the folder.",
    "severity": "How urgent a hit is.",
    "owner": "The team that answers for the rule.",
    "status": "draft and retired are not published; shadow has no effect; canary has for a share.",
    "canary_percent": "The share of accounts for which a canary counts; always the same ones.",
    "features": "Features of this rule alone; shared ones stand in features.yaml.",
    "when": "The SQL condition over fields, features and lists; a hit is where it is true.",
    "score": "What a hit adds to the score, 0 to 100.",
    "band_of": "The number that the bands divide.",
    "bands": "Scores by ranges that cover the whole line, from the lowest up.",
    "bands.at_least": "Where the band begins; left out in the first.",
    "bands.below": "Where it ends; left out in the last.",
    "bands.score": "What a hit in this band adds.",
    "bands.reason": "What the analyst reads of a hit in this band.",
    "reason": "What the analyst reads; names in braces are filled in.",
    "suppress": "Quiets further alerts of the rule, never a decision.",
    "suppress.by": "The field whose value is quieted.",
    "suppress.for": "For how long: 1h, 7d.",
    "breaker": "Past this the rule goes to shadow until someone resets it.",
    "breaker.max_hits_per_hour": "Hits within an hour.",
    "breaker.max_decline_share": "The share of decisions that the rule helped to decline.",
    "breaker.least_decisions": "Below so many decisions an hour the share is not looked at.",
    "alert_budget_per_day": "Past so many alerts of this rule a day, `rules plan` fails.",
    "runbook": "What the analyst does about a hit.",
    "references": "Where the pattern is described in public.",
    "tests": "Small histories with what is expected: at least one hit and one miss.",
    "tests.name": "What the test shows.",
    "tests.now": "When the judged event occurs; noon of 4 March 2026 unless given.",
    "tests.history": "The events before it; only what matters is written.",
    "tests.event": "The judged event.",
    "tests.hit": "Whether the rule has to hit.",
    "tests.score": "What a hit has to score.",
    "tests.reason": "What the analyst has to read.",
}
LIST: Mapping[str, str] = {
    "id": "The name of the file.",
    "kind": "block declines, allow approves, reference is only named in conditions.",
    "field": "The field whose value is looked up; none for a reference list.",
    "owner": "Who answers for entries that do not name their own.",
    "reason": "Why entries are on the list that do not say it themselves.",
    "entries": "The values.",
    "entries.value": "The value itself.",
    "entries.owner": "Who answers for the entry.",
    "entries.reason": "Why it is on the list.",
    "entries.from": "From when on it counts, by the transaction's own time.",
    "entries.expires": "Until when it counts; an allowance must end.",
    "entries.amount_minor_max": "Up to which amount an allowance holds.",
}
POLICY: Mapping[str, str] = {
    "review_at": "The score from which a transaction is held for review.",
    "decline_at": "The score from which it is declined.",
    "alert_budget_per_day": "Past so many alerts a day on average, `rules plan` fails.",
    "minutes_per_alert": "How long an analyst needs for one alert.",
    "analyst_hour": "What an hour of an analyst costs.",
    "analyst_hour.amount_minor": "In minor units.",
    "analyst_hour.currency": "Three letters of ISO 4217.",
}
BUDGET: Mapping[str, str] = {
    "events_per_day": "How many transactions come in on a busy day.",
    "keys": "How many different values a field has, or several together: account_id + device_id.",
    "state_megabytes": "What all features together may take in memory.",
    "feature_megabytes": "What one feature may take.",
    "microseconds_per_event": "What one transaction may cost on one core.",
    "window_max": "The longest window that a feature may have.",
}


def _below(kind: str, keys: Mapping[str, str]) -> dict[str, str]:
    return {f"{kind}.{key}": text for key, text in keys.items()}


DESCRIPTIONS: Mapping[str, str] = (
    _below("rule", RULE)
    | _below("rule.features", FEATURE)
    | _below("rule.tests.history", EVENT)
    | _below("rule.tests.event", EVENT)
    | _below("features", {"features": "The features by name."})
    | _below("features.features", FEATURE)
    | _below("list", LIST)
    | _below("policy", POLICY)
    | _below("budget", BUDGET)
)
