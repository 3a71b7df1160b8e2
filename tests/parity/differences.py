"""Where the embedded server is known to answer otherwise than kube-apiserver, and how: each is expected to fail, strictly.

A line leaves this file together with the difference: a conversation that begins to agree fails until it does.
"""

_ITEMS = "items of a list of built-in kinds carry kind and apiVersion; the real server's do not"
_TEMPLATE = "a pod template gets creationTimestamp: null, which 1.36 no longer sends"
_DEFAULTS = "defaults are filled in on create only; the real server fills them in on update, patch and apply too"
_NODE = "a new Node gets no not-ready taint (TaintNodesByCondition) and no empty nodeInfo and daemonEndpoints"
_TARGET = "an evicted pod gets no DisruptionTarget condition"
_ALLOWED = "an eviction that spends the last disruption does not write the budget's DisruptionAllowed condition"
_MESSAGE = "the message is worded otherwise; code and reason agree"
_SCHEMA = "the schema of a definition neither prunes, defaults nor validates"

DIFFERENCES: dict[str, str] = {
    "create-with-a-version": "a resourceVersion on create is dropped; the real server answers 500 without a reason",
    "finalizers-hold-a-deletion": "the answer to the removal of the last finalizer has the version of the deletion",
    "delete-a-collection": _ITEMS,
    "defaults-of-a-deployment": _TEMPLATE,
    "defaults-of-a-service": "a Service gets no clusterIPs, ipFamilies and ipFamilyPolicy",
    "generation-counts-changes-of-the-spec": _TEMPLATE,
    "status-and-spec-are-written-apart": _TEMPLATE,
    "scale": _TEMPLATE,
    "cordon-a-node": _NODE,
    "bind-a-pod": "a binding counts generation up, sets no PodScheduled condition; its conflict is of pods, not pods/binding",
    "merge-with-another-uid": "another uid is 409 Conflict; on the real server 422 Invalid, metadata.uid is immutable",
    "merge-with-another-uid-and-a-stale-version": "the uid is compared before the version; 409 Conflict on both, in other words",
    "merge-replaces-lists": f"{_TEMPLATE}; {_DEFAULTS}",
    "merge-a-wrong-type": "a patch that yields a wrong type is 400 BadRequest; the real server says 422 Invalid, field patch",
    "strategic-merges-lists-by-key": f"new items go to the end of a list, on the real server to its beginning; {_DEFAULTS}",
    "strategic-merges-taints": f"taints are merged by key; on the real server a strategic patch replaces the list; {_NODE}",
    "change-what-is-immutable": "the spec of a pod may be changed; the real server says 422 Invalid, spec Forbidden",
    "apply-merges-containers": f"{_TEMPLATE}; {_DEFAULTS}",
    "list-is-ordered-by-name": _ITEMS,
    "select-by-label": _ITEMS,
    "select-by-label-sets": _ITEMS,
    "select-by-a-bad-label": _MESSAGE,
    "select-by-field": _ITEMS,
    "select-pods-by-node-and-phase": _ITEMS,
    "pages": _ITEMS,
    "a-page-token-that-is-none": _MESSAGE,
    "list-at-any-version": "resourceVersionMatch is not checked; Exact at version 0 is 422 Invalid on the real server",
    "watch-with-initial-events": "a bookmark has creationTimestamp: null",
    "watch-a-pod-being-evicted": "a deletion with grace 0 sends DELETED alone, on the real server MODIFIED (grace 0) before it",
    "evict-without-a-budget": _TARGET,
    "evict-allowed": f"{_TARGET}; {_ALLOWED}",
    "evict-spends-the-last": f"the cause is worded otherwise while enough pods are healthy; {_ALLOWED}",
    "evict-with-the-uid": _TARGET,
    "evict-with-a-grace-period": _TARGET,
    "evict-twice": _ALLOWED,
    "may-i": "a review has creationTimestamp: null",
    "a-body-that-is-no-json": _MESSAGE,
    "a-body-of-unknown-type": "protobuf is not among the accepted types, nor is it accepted",
    "custom-unknown-fields-are-pruned": _SCHEMA,
    "custom-defaults": _SCHEMA,
    "custom-below-the-minimum": _SCHEMA,
    "custom-without-what-is-required": _SCHEMA,
    "custom-of-a-wrong-type": _SCHEMA,
    "custom-without-status": "a subresource that a definition leaves out is an unknown path; the real server names the object",
    "custom-replace-needs-a-version": "a custom resource may be replaced without its version; on the real server 422 Invalid",
    "table-of-deployments": _TEMPLATE,
    "table-of-a-node": _NODE,
}
