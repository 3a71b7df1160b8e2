"""Conversations about the log subresource: which container, which run, how much, and a kubelet that does not answer."""

from parity.conversation import CORE, NODES, get, node, pod, post, strategic, talk

PODS = f"{CORE}/pods"
LOG = f"{PODS}/web/log"
PAIR = [{"name": "app", "image": "web:1"}, {"name": "proxy", "image": "proxy:1"}]
FIRST = [{"name": "prepare", "image": "web:1"}]
# Port 1 of loopback: nobody listens there.
DEAF = {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}], "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}}}

CONVERSATIONS = (
    talk("logs-of-a-pod-without-a-node", post(PODS, pod("web")), get(LOG), get(LOG, container="app"), get(LOG, previous="true")),
    talk("logs-of-what-is-not-there", get(LOG), post(PODS, pod("web")), get(LOG, container="nobody")),
    talk(
        "logs-want-a-container-where-there-are-several",
        post(PODS, pod("web", containers=PAIR, initContainers=FIRST)),
        get(LOG),
        get(LOG, container="proxy"),
        get(LOG, container="prepare"),
    ),
    talk(
        "logs-take-options-that-make-sense",
        post(PODS, pod("web")),
        get(LOG, tailLines="-1"),
        get(LOG, tailLines="0"),
        get(LOG, limitBytes="0"),
        get(LOG, sinceSeconds="0"),
        get(LOG, sinceSeconds="5", sinceTime="2026-01-05T10:00:00Z"),
        get(LOG, tailLines="-2", limitBytes="-3"),
    ),
    talk("logs-are-only-read", post(PODS, pod("web")), post(LOG, {}), strategic(LOG, {})),
    talk(
        "logs-of-a-kubelet-that-does-not-answer",
        post(NODES, node("logs-deaf")),
        post(PODS, pod("web", node="logs-deaf")),
        get(LOG),
        strategic(f"{NODES}/logs-deaf/status", {"status": DEAF}),
        get(LOG),
        get(LOG, previous="true", tailLines="10", limitBytes="4096"),
        post(PODS, pod("lost", node="logs-nowhere")),
        get(f"{PODS}/lost/log"),
    ),
)
