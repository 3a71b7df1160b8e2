"""Conversations about NetworkPolicies: defaults, columns, and what is refused."""

from typing import Any

from parity.conversation import Json, get, merge, post, talk
from parity.conversations.custom import table

POLICIES = "/apis/networking.k8s.io/v1/namespaces/$ns/networkpolicies"
WEB = {"matchLabels": {"app": "web"}}
ODD = {"matchExpressions": [{"key": "app", "operator": "In"}]}


def policy(name: str, **spec: Any) -> Json:
    """A NetworkPolicy."""
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


def block(cidr: str, *others: str) -> Json:
    """A rule for one range of addresses, with exceptions."""
    return {"to": [{"ipBlock": {"cidr": cidr, **({"except": list(others)} if others else {})}}]}


CONVERSATIONS = (
    talk(
        "network-policy-defaults",
        post(POLICIES, policy("closed", podSelector={})),
        post(POLICIES, policy("web", podSelector=WEB, ingress=[{"from": [{"podSelector": WEB}], "ports": [{"port": 80}]}])),
        post(POLICIES, policy("out", podSelector=WEB, egress=[block("10.0.0.0/8", "10.1.0.0/16")])),
        merge(f"{POLICIES}/closed", {"spec": {"egress": [{}]}}),
        get(POLICIES),
        table(POLICIES),
    ),
    talk(
        "network-policy-refused",
        post(POLICIES, policy("ports", podSelector={}, ingress=[{"ports": [{"port": 0}, {"port": 90, "endPort": 80}]}])),
        post(POLICIES, policy("names", podSelector={}, ingress=[{"ports": [{"port": "http", "endPort": 80}, {"endPort": 1}]}])),
        post(POLICIES, policy("protocol", podSelector={}, egress=[{"ports": [{"protocol": "ICMP"}]}])),
        post(POLICIES, policy("nobody", podSelector={}, ingress=[{"from": [{}]}])),
        post(POLICIES, policy("both", podSelector={}, egress=[{"to": [{"podSelector": WEB, **block("10.0.0.0/8")["to"][0]}]}])),
        post(POLICIES, policy("outside", podSelector={}, egress=[block("10.0.0.0/8", "10.0.0.0/8", "11.0.0.0/16")])),
        post(POLICIES, policy("range", podSelector={}, egress=[block("10.0.0.0/99"), block("")])),
        post(POLICIES, policy("selector", podSelector=ODD, ingress=[{"from": [{"namespaceSelector": ODD}]}])),
        post(POLICIES, policy("types", podSelector={}, policyTypes=["Sideways"])),
    ),
)
