"""A new rule to begin with: complete, sound, a draft, with comments that teach."""

from dataclasses import dataclass

TEXT = """\
# A draft that works: change it into your own rule. What the parts are for stands beside them;
# docs/rules.md has all of it. When it says what you mean, take these comments out.
#
#   watchkeeper rules lint                   every mistake, with line and mend
#   watchkeeper rules test <id> --mutants    what your tests would not notice
#   watchkeeper rules backtest --rules <id>  what it would have done so far
#   watchkeeper rules plan                   what publishing it would change; then propose it
id: <id>
version: 1                       # rises with every change of what it hits, scores or says
title: <title>
typology: <typology>  # the name of this folder
severity: medium                 # low | medium | high | critical
owner: <owner>
status: draft                    # draft > shadow (recorded, no effect) > canary > live > retired

# Numbers about the past. A shared one is only named: see features.yaml before you add your own.
features:
  <feature>:
    aggregate: count             # count sum avg min max stddev distinct first_seen last
    by: card_token               # whose past: account_id, [account_id, counterparty_id] ...
    window: 1h                   # 1m to 90d
    where: type = 'card_payment' AND amount_minor >= 10000   # which events; amounts are in cents

# SQL over the transaction's fields and the features; what is unknown is neither true nor false.
when: type = 'card_payment' AND <feature> >= 3
score: 40                        # policy.yaml says from which sum on there is a review or decline
reason: "{<feature>} payments of 100.00 or more with one card within an hour"

suppress: {by: card_token, for: 6h}   # quiets further alerts of the same card, never a decision
breaker: {max_hits_per_hour: 500}     # past it the rule goes to shadow until someone resets it
runbook: >-
  What does the analyst look at first? Whom do they call, what do they block, when do they close it?
references:
  - Where the pattern is described in public

# A test is a small history and what is expected. Only what matters is written; the rest is a card
# payment of 10.00 EUR at noon. At least one has to hit and one has to miss; more tests at every
# edge are made of those that hit.
tests:
  - name: the third within an hour
    history:
      - {at: -50m, repeat: 2, every: 20m, amount_minor: 12000}   # two events, twenty minutes apart
    event: {amount_minor: 12000}
    hit: true
    score: 40
  - name: small ones do not count
    history:
      - {at: -50m, repeat: 5, every: 5m, amount_minor: 900}
    event: {amount_minor: 12000}
    hit: false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """What is known of a rule before it is written."""

    id: str
    typology: str
    title: str
    owner: str

    @property
    def feature(self) -> str:
        """A name for its own feature that no other rule has."""
        return f"{self.id.replace('-', '_')}_count_1h"

    def text(self) -> str:
        """The file."""
        words = {
            "<id>": self.id,
            "<typology>": self.typology,
            "<title>": _scalar(self.title),
            "<owner>": _scalar(self.owner),
            "<feature>": self.feature,
        }
        found = TEXT
        for mark, word in words.items():
            found = found.replace(mark, word)
        return found


def _scalar(text: str) -> str:
    """A text as YAML has it: in quotes where it would be read as something else."""
    is_plain = text.replace(" ", "").replace("-", "").isalnum() and text[0].isalpha()
    return text if is_plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
