"""The personas of the Gateway API: each has the least it needs."""

import pytest

from underway.ingress.personas import TIERS, default_groups, matrix, objects


def allowed(tiers: int, persona: str) -> set[str]:
    rows = matrix(tiers, "shop", "other")
    return {
        f"{row.verb} {row.resource} {row.namespace}".strip()
        for row in rows
        if row.persona == persona and row.allowed and row.verb != "get"
    }


@pytest.mark.parametrize("tiers", [3, 4])
def test_a_developer_writes_routes_of_its_own_namespace_alone(tiers: int) -> None:
    writes = allowed(tiers, "application-developer")
    assert "create httproutes shop" in writes
    assert not any("other" in one or "gateways" in one or "referencegrants" in one for one in writes)


def test_classes_are_the_providers_gateways_the_operators() -> None:
    assert allowed(3, "infrastructure-provider") == {f"{verb} gatewayclasses" for verb in ("create", "patch", "delete")}
    operator = allowed(3, "cluster-operator")
    assert {"create gateways shop", "create gateways other", "create referencegrants other"} <= operator
    assert not any("httproutes" in one or "gatewayclasses" in one for one in operator)


def test_an_admin_has_gateways_in_its_own_namespaces() -> None:
    assert "create gateways shop" in allowed(4, "application-admin")
    assert not any(one.endswith(" other") for one in allowed(4, "application-admin"))
    assert [persona.name for persona in TIERS[3]] == [one.name for one in TIERS[4] if one.name != "application-admin"]


@pytest.mark.parametrize("tiers", [3, 4])
def test_no_role_touches_secrets_or_uses_a_star(tiers: int) -> None:
    for one in objects(tiers, ["shop"], default_groups(tiers)):
        for rule in one.get("rules", []):
            assert rule["apiGroups"] == ["gateway.networking.k8s.io"]
            assert "*" not in rule["resources"] + rule["verbs"]


def test_own_rights_are_bound_in_each_namespace_and_nowhere_else() -> None:
    made = objects(3, ["shop", "news"], {**default_groups(3), "application-developer": "devs"})
    bound = [(one["metadata"]["namespace"], one["subjects"][0]["name"]) for one in made if one["kind"] == "RoleBinding"]
    assert bound == [("shop", "devs"), ("news", "devs")]
