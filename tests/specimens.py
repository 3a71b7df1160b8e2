"""Rotations and Fleets, good and bad, for every judge of them: the decoder, the schema, and a real API server.

A bad one is (what is wrong with it, the field that must be named).
"""

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
NOT_OURS = {"kind", "metadata", "disruption"}
"""What begins a part of somebody else's object: of Karpenter's NodePool, of whatever lint looks at."""
MINIMAL: Spec = {"target": {"kubeletVersion": "v1.37.2"}}

GOOD_ROTATIONS: dict[str, Spec] = {
    "the least": MINIMAL,
    "frozen from the start": {**MINIMAL, "mode": "Freeze"},
    "by age": {"target": {"maxAge": "720h"}},
    "by an expression": {
        "target": {"expression": "node.metadata.labels['image'] == 'v2'"},
        "nodes": {"order": [{"by": "expression", "expression": "size(node.spec.taints)"}, {"by": "age"}]},
    },
    "by two expressions": {
        **MINIMAL,
        "nodes": {"order": [{"by": "expression", "expression": one} for one in ("size(node.spec.taints)", "1")]},
    },
    "labels of many words": {
        **MINIMAL,
        "nodes": {"selector": {"matchLabels": {"example.com/a-b.C_d": "", "node-role.kubernetes.io/worker": "v1.2_x"}}},
    },
    "by image": {"target": {"osImage": "Bottlerocket 1.30"}},
    "chosen nodes": {
        **MINIMAL,
        "nodes": {
            "selector": {"matchLabels": {"pool": "a"}, "matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]},
            "exclude": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["x"]}]},
            "order": [{"by": "zone"}, {"by": "age"}],
            "canary": 1,
            "canarySoak": "30m",
        },
    },
    "pools in order": {
        **MINIMAL,
        "nodes": {
            "pools": [{"name": "gpu", "selector": {"matchLabels": {"pool": "gpu"}}}, {"name": "rest", "selector": {}}],
            "order": [{"by": "disruptions"}, {"by": "pool"}],
        },
    },
    "at night in Tokyo": {
        **MINIMAL,
        "pace": {"windows": [{"schedule": "0 1 * * 1-5", "timeZone": "Asia/Tokyo", "duration": "5h"}]},
    },
    "percentages": {**MINIMAL, "pace": {"maxSurge": "10%", "maxUnavailable": "5%", "perZone": True, "soak": "1m30s"}},
    "a budget of one zone": {
        **MINIMAL,
        "pace": {"perZone": True, "zones": [{"name": "eu-1a", "maxSurge": "20%"}, {"name": "eu-1b", "maxUnavailable": 1}]},
    },
    "few in all zones together": {**MINIMAL, "pace": {"perZone": True, "maxInHand": 2}},
    "no surge": {**MINIMAL, "pace": {"maxSurge": 0, "maxUnavailable": 1}},
    "a drain": {**MINIMAL, "drain": {"timeout": "15m", "gracePeriodLimit": "10m", "emptyDir": "Block"}},
    "a ladder to a freeze": {**MINIMAL, "drain": {"ladder": ["NotifyOwner", "Freeze"], "notifyAfter": "5m", "deadline": "1h"}},
    "a ladder to deletion": {**MINIMAL, "drain": {"ladder": ["NotifyOwner", "Quarantine", "DeadlineDelete"], "deadline": "8h"}},
    "a second replica first": {**MINIMAL, "drain": {"singleReplica": "Surge"}},
    "a quarantine of its own": {**MINIMAL, "drain": {"maxQuarantined": "5%"}},
    "no quarantine beside the slots": {**MINIMAL, "drain": {"maxQuarantined": 0}},
    "no ladder": {**MINIMAL, "drain": {"ladder": []}},
    "gates": {**MINIMAL, "health": [{"gate": "nodes-ready", "for": "0", "threshold": 1.5, "onBreach": "Freeze"}]},
    "gates that ask": {
        **MINIMAL,
        "health": [
            {"gate": "prometheus", "prometheus": "http://p:9090", "query": "up == 0", "interval": "30s", "recovery": "2m"},
            {"gate": "ingress-latency", "prometheus": "https://p", "match": 'ingress="shop"', "threshold": 1.5},
            {"gate": "http", "url": "http://shop/healthz", "expect": 204},
            {"gate": "command", "command": ["./check", "--fast"]},
            {"gate": "expression", "expression": "pods.filter(p, p.status.phase == 'Pending').size() < 3", "onBreach": "Freeze"},
        ],
    },
    "long work": {
        **MINIMAL,
        "drain": {"wait": [{"selector": {"matchLabels": {"kind": "training"}}, "limit": "48h"}], "doNotDisrupt": "Ignore"},
    },
    "teams": {**MINIMAL, "owners": {"keys": ["example.com/owner", "team"], "namespaces": {"kube-system": "platform"}}},
    "alerts": {
        **MINIMAL,
        "alerts": [
            {"to": "admins", "from": "ops.chat", "remind": "1h"},
            {"to": "team", "teams": {"tills": "tills-chat"}, "causes": ["Blocked"]},
        ],
    },
    "training that saves its work": {
        **MINIMAL,
        "drain": {"wait": [{"selector": {}, "until": "Checkpointed", "limit": "10m"}]},
    },
    "no gates": {**MINIMAL, "health": []},
    "a gate that waits and then freezes": {
        **MINIMAL,
        "health": [{"gate": "api-server", "threshold": 500}, {"gate": "api-server", "threshold": 2000, "onBreach": "Freeze"}],
    },
    "a query below nothing": {
        **MINIMAL,
        "health": [{"gate": "prometheus", "prometheus": "http://p:9090", "query": q, "threshold": -1} for q in ("a", "b")],
    },
    "alerts of two causes": {
        **MINIMAL,
        "alerts": [{"to": "user", "from": "me", "causes": [kind], "remind": "1h"} for kind in ("Frozen", "Finished")],
    },
    "a command": {**MINIMAL, "machines": {"provider": "Command", "command": ["./m", "--fast"], "bootTimeout": "1h"}},
}

BAD_ROTATIONS: dict[str, tuple[Spec, str]] = {
    "no target": ({}, "target"),
    "an empty target": ({"target": {}}, "spec.target"),
    "a target of empty words": ({"target": {"maxAge": "", "kubeletVersion": ""}}, "spec.target"),
    "a score without an expression": ({**MINIMAL, "nodes": {"order": [{"by": "expression"}]}}, "spec.nodes.order[0]"),
    "an expression of another key": (
        {**MINIMAL, "nodes": {"order": [{"by": "age", "expression": "1"}]}},
        "spec.nodes.order[0]",
    ),
    "a version that is none": ({"target": {"kubeletVersion": "new"}}, "spec.target.kubeletVersion"),
    "an age that is none": ({"target": {"maxAge": "old"}}, "spec.target.maxAge"),
    "a misspelt field": ({**MINIMAL, "paces": {}}, "spec"),
    "a misspelt selector": ({**MINIMAL, "nodes": {"selector": {"matchLabel": {"a": "b"}}}}, "spec.nodes.selector"),
    "an operator that is none": (
        {**MINIMAL, "nodes": {"selector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}},
        "spec.nodes.selector.matchExpressions[0]",
    ),
    "In without values": (
        {**MINIMAL, "nodes": {"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
        "spec.nodes.selector.matchExpressions[0]",
    ),
    "a pace in words": ({**MINIMAL, "pace": {"maxSurge": "ten"}}, "spec.pace.maxSurge"),
    "a huge percentage": ({**MINIMAL, "pace": {"maxSurge": "99999%"}}, "spec.pace.maxSurge"),
    "a negative pace": ({**MINIMAL, "pace": {"maxUnavailable": -1}}, "spec.pace.maxUnavailable"),
    "a standstill": ({**MINIMAL, "pace": {"maxSurge": 0}}, "spec.pace"),
    "a standstill in percent": ({**MINIMAL, "pace": {"maxSurge": "0%", "maxUnavailable": "0%"}}, "spec.pace"),
    "a percentage with zeros before it": ({**MINIMAL, "pace": {"maxSurge": "010%"}}, "spec.pace.maxSurge"),
    "a timeout in words": ({**MINIMAL, "drain": {"timeout": "soon"}}, "spec.drain.timeout"),
    "no timeout at all": ({**MINIMAL, "drain": {"timeout": ""}}, "spec.drain.timeout"),
    "an endless text": ({**MINIMAL, "drain": {"timeout": "1h" * 100}}, "spec.drain.timeout"),
    "a policy that is none": ({**MINIMAL, "drain": {"emptyDir": "Delete"}}, "spec.drain.emptyDir"),
    "a ladder upside down": ({**MINIMAL, "drain": {"ladder": ["Quarantine", "NotifyOwner"]}}, "spec.drain.ladder"),
    "a rung twice": ({**MINIMAL, "drain": {"ladder": ["Quarantine", "Quarantine"]}}, "spec.drain.ladder"),
    "a replica policy that is none": ({**MINIMAL, "drain": {"singleReplica": "Kill"}}, "spec.drain.singleReplica"),
    "a rung that is none": ({**MINIMAL, "drain": {"ladder": ["Hope"]}}, "spec.drain.ladder[0]"),
    "two last rungs": ({**MINIMAL, "drain": {"ladder": ["Freeze", "DeadlineDelete"]}}, "spec.drain.ladder"),
    "a budget of a zone beside that of all": ({**MINIMAL, "pace": {"zones": [{"name": "eu-1a"}]}}, "spec.pace"),
    "a zone twice": ({**MINIMAL, "pace": {"perZone": True, "zones": [{"name": "a"}, {"name": "a"}]}}, "spec.pace"),
    "a zone that stands still": (
        {**MINIMAL, "pace": {"perZone": True, "zones": [{"name": "a", "maxSurge": 0}]}},
        "spec.pace.zones[0]",
    ),
    "a zone without a name": ({**MINIMAL, "pace": {"perZone": True, "zones": [{"name": ""}]}}, "spec.pace.zones[0].name"),
    "nothing in hand": ({**MINIMAL, "pace": {"maxInHand": "0%"}}, "spec.pace"),
    "more in hand than there is": ({**MINIMAL, "pace": {"maxInHand": "101%"}}, "spec.pace.maxInHand"),
    "more unavailable than there is": ({**MINIMAL, "pace": {"maxUnavailable": "101%"}}, "spec.pace.maxUnavailable"),
    "a surge of millions": ({**MINIMAL, "pace": {"maxSurge": 1_000_000}}, "spec.pace.maxSurge"),
    "a canary's soak without a canary": ({**MINIMAL, "nodes": {"canarySoak": "1h"}}, "spec.nodes"),
    "an exclusion of all": ({**MINIMAL, "nodes": {"exclude": {}}}, "spec.nodes"),
    "a pool twice": (
        {**MINIMAL, "nodes": {"pools": [{"name": "a", "selector": {}}, {"name": "a", "selector": {}}]}},
        "spec.nodes",
    ),
    "an age of no time": ({"target": {"maxAge": "0s"}}, "spec.target.maxAge"),
    "an age of minutes": ({"target": {"maxAge": "5m"}}, "spec.target.maxAge"),
    "no time to boot": ({**MINIMAL, "machines": {"bootTimeout": "0s"}}, "spec.machines.bootTimeout"),
    "no time to drain": ({**MINIMAL, "drain": {"timeout": "0s"}}, "spec.drain.timeout"),
    "a negative timeout": ({**MINIMAL, "drain": {"timeout": "-5m"}}, "spec.drain.timeout"),
    "a timeout of centuries": ({**MINIMAL, "drain": {"timeout": "876000h"}}, "spec.drain.timeout"),
    "a timeout beyond all time": ({**MINIMAL, "drain": {"timeout": "9999999999999h"}}, "spec.drain.timeout"),
    "a last rung before the quarantine": (
        {**MINIMAL, "drain": {"ladder": ["Quarantine", "Freeze"], "timeout": "2h", "deadline": "1h"}},
        "spec.drain",
    ),
    "an owner told too late": ({**MINIMAL, "drain": {"notifyAfter": "2h"}}, "spec.drain"),
    "a query of another gate": ({**MINIMAL, "health": [{"gate": "nodes-ready", "query": "up"}]}, "spec.health[0]"),
    "a status that is none": ({**MINIMAL, "health": [{"gate": "http", "url": "http://x", "expect": 9}]}, "spec.health[0].expect"),
    "a question without a pause": (
        {**MINIMAL, "health": [{"gate": "http", "url": "http://x", "interval": "0s"}]},
        "spec.health[0].interval",
    ),
    "a negative quarantine": ({**MINIMAL, "drain": {"maxQuarantined": -1}}, "spec.drain.maxQuarantined"),
    "a quarantine in words": ({**MINIMAL, "drain": {"maxQuarantined": "few"}}, "spec.drain.maxQuarantined"),
    "a hasty deletion": ({**MINIMAL, "drain": {"ladder": ["DeadlineDelete"], "deadline": "30m"}}, "spec.drain"),
    "a gate that is none": ({**MINIMAL, "health": [{"gate": "luck"}]}, "spec.health[0].gate"),
    "a query without a Prometheus": ({**MINIMAL, "health": [{"gate": "prometheus", "query": "up"}]}, "spec.health[0]"),
    "a Prometheus with a password": (
        {**MINIMAL, "health": [{"gate": "prometheus", "query": "up", "prometheus": "http://me:secret@p"}]},
        "spec.health[0].prometheus",
    ),
    "no URL to ask": ({**MINIMAL, "health": [{"gate": "http"}]}, "spec.health[0]"),
    "no expression to judge by": ({**MINIMAL, "health": [{"gate": "expression"}]}, "spec.health[0]"),
    "no command to run": ({**MINIMAL, "health": [{"gate": "command", "command": []}]}, "spec.health[0]"),
    "a wait without end": (
        {**MINIMAL, "drain": {"wait": [{"selector": {}, "limit": "0s"}]}},
        "spec.drain.wait[0].limit",
    ),
    "too many gates": ({**MINIMAL, "health": [{"gate": "nodes-ready"}] * 65}, "spec.health"),
    "a provider that is none": ({**MINIMAL, "machines": {"provider": "Magic"}}, "spec.machines.provider"),
    "order by pool without pools": ({**MINIMAL, "nodes": {"order": [{"by": "pool"}]}}, "spec.nodes"),
    "an order by luck": ({**MINIMAL, "nodes": {"order": [{"by": "luck"}]}}, "spec.nodes.order[0].by"),
    "a schedule in words": (
        {**MINIMAL, "pace": {"windows": [{"schedule": "every night", "duration": "5h"}]}},
        "spec.pace.windows[0].schedule",
    ),
    "a window that never opens": (
        {**MINIMAL, "pace": {"windows": [{"schedule": "0 1 * * *", "duration": "0m"}]}},
        "spec.pace.windows[0].duration",
    ),
    "a time zone of the moon": (
        {**MINIMAL, "pace": {"windows": [{"schedule": "0 1 * * *", "duration": "1h", "timeZone": "the moon"}]}},
        "spec.pace.windows[0].timeZone",
    ),
    "an owner by no label": ({**MINIMAL, "owners": {"keys": ["team", "the team"]}}, "spec.owners.keys[1]"),
    "an owner that is no text": ({**MINIMAL, "owners": {"namespaces": {"shop": 3}}}, "spec.owners.namespaces"),
    "an alert to nowhere": ({**MINIMAL, "alerts": [{"to": "admins"}]}, "spec.alerts[0]"),
    "teams of admins": ({**MINIMAL, "alerts": [{"to": "admins", "from": "a", "teams": {"x": "y"}}]}, "spec.alerts[0]"),
    "an alert to a URL": ({**MINIMAL, "alerts": [{"to": "admins", "from": "slack://t"}]}, "spec.alerts[0].from"),
    "a team at a URL": ({**MINIMAL, "alerts": [{"to": "team", "teams": {"x": "slack://t"}}]}, "spec.alerts[0].teams"),
    "an alert of trouble": (
        {**MINIMAL, "alerts": [{"to": "user", "from": "me", "causes": ["Trouble"]}]},
        "spec.alerts[0].causes[0]",
    ),
    "a wait for luck": ({**MINIMAL, "drain": {"wait": [{"selector": {}, "until": "Lucky"}]}}, "spec.drain.wait[0].until"),
    "a negative canary": ({**MINIMAL, "nodes": {"canary": -1}}, "spec.nodes.canary"),
    "a mode that is none": ({**MINIMAL, "mode": "Halt"}, "spec.mode"),
    "what is chosen and excluded": (
        {**MINIMAL, "nodes": {"selector": {"matchLabels": {"a": "b"}}, "exclude": {"matchLabels": {"a": "b"}}}},
        "spec.nodes",
    ),
    "an order by age and age": ({**MINIMAL, "nodes": {"order": [{"by": "age"}, {"by": "zone"}, {"by": "age"}]}}, "spec.nodes"),
    "a label that cannot be": (
        {**MINIMAL, "nodes": {"selector": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}}},
        "spec.nodes.selector.matchExpressions[0].key",
    ),
    "a chosen label that cannot be": ({**MINIMAL, "nodes": {"selector": {"matchLabels": {"a b": "c"}}}}, "spec.nodes.selector"),
    "a label of an empty prefix": (
        {**MINIMAL, "nodes": {"exclude": {"matchLabels": {"example..com/a": "c"}}}},
        "spec.nodes.exclude",
    ),
    "a label with too long a name": ({**MINIMAL, "nodes": {"selector": {"matchLabels": {"a" * 64: "c"}}}}, "spec.nodes.selector"),
    "a value that no label has": (
        {**MINIMAL, "nodes": {"selector": {"matchLabels": {"pool": "new nodes"}}}},
        "spec.nodes.selector.matchLabels",
    ),
    "a value too long for a label": (
        {**MINIMAL, "drain": {"wait": [{"selector": {"matchLabels": {"a": "b" * 64}}}]}},
        "spec.drain.wait[0].selector.matchLabels",
    ),
    "a value among others that no label has": (
        {**MINIMAL, "nodes": {"selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "-"]}]}}},
        "spec.nodes.selector.matchExpressions[0].values[1]",
    ),
    "an order by one expression twice": (
        {**MINIMAL, "nodes": {"order": [{"by": "expression", "expression": "1"}] * 2}},
        "spec.nodes",
    ),
    "a gate asked twice": ({**MINIMAL, "health": [{"gate": "nodes-ready"}, {"gate": "nodes-ready", "for": "1m"}]}, "spec"),
    "a threshold below nothing": ({**MINIMAL, "health": [{"gate": "api-server", "threshold": -1}]}, "spec.health[0]"),
    "an alert said twice": (
        {**MINIMAL, "alerts": [{"to": "admins", "from": "ops"}, {"to": "admins", "from": "ops", "remind": "1h"}]},
        "spec",
    ),
    "quarantined nodes of no quarantine": ({**MINIMAL, "drain": {"ladder": ["Freeze"], "maxQuarantined": "20%"}}, "spec.drain"),
    "groups that are none": ({**MINIMAL, "machines": {"provider": "AutoScalingGroup"}}, "spec.machines"),
    "a word for a truth": ({**MINIMAL, "pace": {"perZone": "yes"}}, "spec.pace.perZone"),
}

CLUSTER = {"name": "eu-1", "kubeconfig": {"name": "eu-1"}}
FLEET: Spec = {"clusters": [CLUSTER], "waves": [{"name": "canary", "clusters": ["eu-1"]}], "rotation": {"spec": MINIMAL}}

GOOD_FLEETS: dict[str, Spec] = {
    "that tells its admins": {**FLEET, "alerts": [{"to": "admins", "from": "ops"}]},
    "the least": FLEET,
    "by label": {
        "clusterSelector": {"matchLabels": {"underway.dev/cluster": "true"}},
        "waves": [
            {"name": "all", "selector": {}, "soak": "1h", "maxConcurrent": 2, "success": {"finished": "90%", "within": "6h"}}
        ],
        "rotation": {"name": "workers", "spec": MINIMAL},
    },
}

BAD_FLEETS: dict[str, tuple[Spec, str]] = {
    "no clusters": ({**FLEET, "clusters": []}, "spec"),
    "no waves": ({**FLEET, "waves": []}, "spec.waves"),
    "an ambiguous wave": ({**FLEET, "waves": [{"name": "w", "clusters": ["eu-1"], "selector": {}}]}, "spec.waves[0]"),
    "an empty wave": ({**FLEET, "waves": [{"name": "w"}]}, "spec.waves[0]"),
    "a soak in words": ({**FLEET, "waves": [{"name": "w", "clusters": ["eu-1"], "soak": "long"}]}, "spec.waves[0].soak"),
    "a bad rotation": ({**FLEET, "rotation": {"spec": {"target": {}}}}, "spec.rotation.spec.target"),
    "a nameless cluster": ({**FLEET, "clusters": [{"name": "", "kubeconfig": {"name": "s"}}]}, "spec.clusters[0].name"),
    "a password in the spec": (
        {**FLEET, "clusters": [{"name": "eu-1", "kubeconfig": {"name": "s", "token": "t"}}]},
        "spec.clusters[0].kubeconfig",
    ),
}


def shown() -> dict[str, Spec]:
    """Every Rotation and Fleet, whole, that README, docs/ and examples/ show, by its place."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    blocks = [(path, block) for path in pages for block in re.findall(r"```ya?ml\n(.*?)```", path.read_text(), re.DOTALL)]
    blocks += [(path, path.read_text()) for path in sorted((ROOT / "examples").rglob("*.y*ml"))]
    found: dict[str, Spec] = {}
    for path, block in blocks:
        for document in yaml.safe_load_all(textwrap.dedent(block)):
            if isinstance(document, dict) and (whole := of_our_kinds(document)):
                found[f"{path.relative_to(ROOT)} {len(found)}"] = whole
    return found


def of_our_kinds(document: Spec) -> Spec | None:
    """The object that a document is, or of which it is a part: a specification, or fields of one, of a Rotation; else None."""
    if document.get("apiVersion", "").startswith("underway.dev/"):
        return document
    if "apiVersion" in document or document.keys() & NOT_OURS:
        return None
    spec = document["spec"] if document.keys() == {"spec"} else document
    return {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "part"}, "spec": {**MINIMAL, **spec}}
