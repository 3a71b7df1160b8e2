"""The rules, one file each, in the order in which they are listed."""

from underway.lint.rule import Rule
from underway.lint.rules import bare_pods, cronjob_concurrency, latest_tag

RULES: tuple[Rule, ...] = (
    bare_pods.RULE,
    cronjob_concurrency.RULE,
    latest_tag.RULE,
)
