"""All rules, in the order in which they run: one file each, one line here.

clusterlint's checks keep their names and groups; where they are wrong, ours are right and their pages say so.
"""

from underway.lint.rule import Rule
from underway.lint.rules import (
    admission_controller_webhook,
    admission_controller_webhook_replacement,
    admission_controller_webhook_timeout,
    bare_pods,
    cronjob_concurrency,
    default_namespace,
    dobs_pod_owner,
    docker_pkg_github_com_registry,
    fully_qualified_image,
    hostpath_volume,
    invalid_volume_snapshot,
    invalid_volume_snapshot_content,
    latest_tag,
    node_labels_and_taints,
    node_name_pod_selector,
    non_root_user,
    noop,
    pod_state,
    privileged_containers,
    resource_requirements,
    unused_config_map,
    unused_pv,
    unused_pvc,
    unused_secret,
)

RULES: tuple[Rule, ...] = (
    # clusterlint's checks
    admission_controller_webhook.RULE,
    admission_controller_webhook_replacement.RULE,
    admission_controller_webhook_timeout.RULE,
    bare_pods.RULE,
    cronjob_concurrency.RULE,
    default_namespace.RULE,
    dobs_pod_owner.RULE,
    docker_pkg_github_com_registry.RULE,
    fully_qualified_image.RULE,
    hostpath_volume.RULE,
    invalid_volume_snapshot.RULE,
    invalid_volume_snapshot_content.RULE,
    latest_tag.RULE,
    node_labels_and_taints.RULE,
    node_name_pod_selector.RULE,
    non_root_user.RULE,
    noop.RULE,
    pod_state.RULE,
    privileged_containers.RULE,
    resource_requirements.RULE,
    unused_config_map.RULE,
    unused_pv.RULE,
    unused_pvc.RULE,
    unused_secret.RULE,
)
