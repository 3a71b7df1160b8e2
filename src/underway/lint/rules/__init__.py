"""The rules, one file each, in the order in which they are listed."""

from underway.lint.rule import Rule
from underway.lint.rules import (
    bare_pods,
    container_runtime,
    cronjob_concurrency,
    deprecated_api,
    do_not_disrupt,
    grace_beyond_drain,
    latest_tag,
    local_storage,
    no_room_to_repack,
    pdb_blocks_drain,
    pinned_to_node,
    removed_api,
    several_budgets,
    stored_versions,
    unhealthy_pods_held,
    version_skew,
    webhook_on_one_node,
)

RULES: tuple[Rule, ...] = (
    bare_pods.RULE,
    cronjob_concurrency.RULE,
    latest_tag.RULE,
    # upgrade readiness
    removed_api.RULE,
    deprecated_api.RULE,
    version_skew.RULE,
    container_runtime.RULE,
    pdb_blocks_drain.RULE,
    several_budgets.RULE,
    unhealthy_pods_held.RULE,
    grace_beyond_drain.RULE,
    local_storage.RULE,
    pinned_to_node.RULE,
    do_not_disrupt.RULE,
    webhook_on_one_node.RULE,
    stored_versions.RULE,
    no_room_to_repack.RULE,
)
