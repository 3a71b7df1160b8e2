"""Who may do what with the Gateway API: its personas as roles, and the matrix that the roles must add up to.

Owns the intent (which persona writes which kind, and where) and the RBAC objects that are drawn from it. Whether a cluster really
decides so is asked in tests, by impersonation.
Source: Gateway API documentation, "Roles and personas" (three tiers) and "Security model" (the advanced model of four).
"""

from typing import Any

import msgspec

GATEWAY = "gateway.networking.k8s.io"
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
ROUTES = ("httproutes", "grpcroutes", "tlsroutes")
CLUSTER_WIDE = ("gatewayclasses",)
KINDS = ("gatewayclasses", "gateways", "listenersets", *ROUTES, "referencegrants", "backendtlspolicies")
Where = str  # everywhere | own


class Persona(msgspec.Struct, frozen=True):
    """One role, which reads all kinds. writes: for each kind, where it may be changed; what is not named may not.

    everywhere: in the whole cluster; own: in the namespaces that are the persona's.
    """

    name: str
    duty: str
    writes: dict[str, Where]


INFRASTRUCTURE = Persona(
    "infrastructure-provider",
    "offers implementations to many clusters: installs them, and says which classes there are",
    {"gatewayclasses": "everywhere"},
)
OPERATOR = Persona(
    "cluster-operator",
    "answers for the cluster's front door: Gateways, who may attach to them, and which references are trusted",
    {"gateways": "everywhere", "listenersets": "everywhere", "referencegrants": "everywhere"},
)
ADMIN = Persona(
    "application-admin",
    "answers for the front door of some applications: Gateways and listeners of their namespaces, and who may refer into them",
    dict.fromkeys(("gateways", "listenersets", "referencegrants", "backendtlspolicies", *ROUTES), "own"),
)
DEVELOPER = Persona(
    "application-developer",
    "runs an application: routes requests to its Services",
    dict.fromkeys((*ROUTES, "backendtlspolicies"), "own"),
)
TIERS: dict[int, tuple[Persona, ...]] = {
    3: (INFRASTRUCTURE, OPERATOR, DEVELOPER),
    4: (INFRASTRUCTURE, OPERATOR, ADMIN, DEVELOPER),
}


class Row(msgspec.Struct, frozen=True):
    """A question and its answer. namespace: "" for kinds without one."""

    persona: str
    verb: str
    resource: str
    group: str
    namespace: str
    allowed: bool


def objects(tiers: int, namespaces: list[str], groups: dict[str, str]) -> list[dict[str, Any]]:
    """The ClusterRoles and bindings. tiers: 3 or 4; namespaces: of the applications; groups: of users, by persona."""
    made: list[dict[str, Any]] = []
    for persona in TIERS[tiers]:
        name = f"gateway-{persona.name}"
        made.append(_role(name, persona.duty, _rules(persona, ("everywhere",), read=True)))
        made.append(_binding("ClusterRoleBinding", name, name, groups[persona.name], ""))
        own = _rules(persona, ("own",), read=False)
        if own:
            made.append(_role(f"{name}-namespace", f"{persona.duty} (in its own namespaces)", own))
            made += [_binding("RoleBinding", name, f"{name}-namespace", groups[persona.name], one) for one in namespaces]
    return made


def default_groups(tiers: int) -> dict[str, str]:
    """The groups that are bound unless others are named."""
    return {persona.name: f"gateway:{persona.name}s" for persona in TIERS[tiers]}


def _rules(persona: Persona, where: tuple[Where, ...], read: bool) -> list[dict[str, Any]]:
    """RBAC rules: reading all kinds of the Gateway API, writing those that are the persona's."""
    rules = [{"apiGroups": [GATEWAY], "resources": list(KINDS), "verbs": list(READ)}] if read else []
    written = [kind for kind in KINDS if persona.writes.get(kind) in where]
    if written:
        rules.append({"apiGroups": [GATEWAY], "resources": written, "verbs": list(WRITE)})
    return rules


def _role(name: str, duty: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"name": name, "annotations": {"underway.dev/duty": duty}}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}


def _binding(kind: str, name: str, role: str, group: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    }


def matrix(tiers: int, own: str, other: str) -> list[Row]:
    """What each persona may do, and what not. own, other: a namespace of the persona's, and one that is not.

    Reading and writing every kind in both places, and three things that nobody gets with these roles: reading Secrets, changing
    Services, changing roles.
    """
    rows: list[Row] = []
    for persona in TIERS[tiers]:
        for kind in KINDS:
            for namespace in ("",) if kind in CLUSTER_WIDE else (own, other):
                where = persona.writes.get(kind, "nowhere")
                writes = where == "everywhere" or (where == "own" and namespace == own)
                rows.append(Row(persona.name, "get", kind, GATEWAY, namespace, allowed=True))
                rows += [Row(persona.name, verb, kind, GATEWAY, namespace, writes) for verb in ("create", "patch", "delete")]
        rows.append(Row(persona.name, "get", "secrets", "", own, allowed=False))
        rows.append(Row(persona.name, "update", "services", "", own, allowed=False))
        rows.append(Row(persona.name, "create", "clusterroles", "rbac.authorization.k8s.io", "", allowed=False))
    return rows
