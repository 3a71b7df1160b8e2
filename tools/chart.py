"""Draws deploy/helm/underway from the same values that `underway manifests` prints, so that the two cannot differ.

    python tools/chart.py        writes the chart; a test fails when it is stale

Where the chart lets its user choose, a mark of the values is put in and replaced by Helm's words afterwards. The definitions
are templates too, so that they follow the values and are upgraded with the chart; `keep` has them, and with them every Rotation,
survive an uninstall.
"""

import re
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from underway import __version__
from underway.machines import PROVIDERS
from underway.rotate.gates import GATES
from underway.rotate.grants import EVICT, GRANTS, PROVIDER_RULES
from underway.rotate.kinds.installation import FLEET_RULES, NAME, Installation, installation
from underway.web import own_kinds, own_webhook

TARGET = Path(__file__).resolve().parents[1] / "deploy" / "helm" / "underway"
IMAGE, NAMESPACE, REPLICAS = "IMAGE-OF-CHART", "namespace-of-chart", 4711
KEEP = {"helm.sh/resource-policy": "keep"}
HEAD = "{{- /* Drawn by tools/chart.py from what `underway manifests` prints: change that. */ -}}\n"


class Dumper(yaml.SafeDumper):
    """Every value in full."""

    def ignore_aliases(self, _data: Any) -> bool:
        """None is used."""
        return True


def dumped(value: Any) -> str:
    """A value as YAML, with Helm's words in the place of the marks."""
    text = yaml.dump(value, Dumper=Dumper, sort_keys=False, width=130)
    text = text.replace(IMAGE, "{{ .Values.image }}").replace(NAMESPACE, "{{ .Release.Namespace }}")
    return re.sub(rf"\b{REPLICAS}\b", "{{ .Values.replicas }}", text)


def conditional(condition: str, text: str) -> str:
    """Text that is there only under a condition."""
    return f"{{{{- if {condition} }}}}\n{text}{{{{- end }}}}\n"


def cluster_role(role: dict[str, Any]) -> str:
    """The ClusterRole, whose rules depend on the values."""
    text = dumped(role)
    text += conditional(".Values.fleet", dumped(FLEET_RULES))
    for provider, rules in PROVIDER_RULES.items():
        text += conditional(f'has "{provider}" .Values.providers', dumped(rules))
    return text + conditional("not .Values.evictIn", dumped([EVICT]) + granted(".Values"))


def granted(values: str) -> str:
    """What is granted only where a Rotation may ask for it. values: how the values are called there."""
    return "".join(conditional(f'has "{grant}" {values}.grants', dumped(rules)) for grant, rules in GRANTS.items())


def _each_namespace(argument: re.Match[str]) -> str:
    """One argument for each namespace to evict in."""
    return f"{{{{- range .Values.evictIn }}}}\n{argument[1]}- --evict-in={{{{ . }}}}\n{{{{- end }}}}\n"


def definitions() -> dict[str, str]:
    """The definitions in their one version, and, with the webhook, in the others too."""
    names = [gate.name for gate in GATES], list(PROVIDERS)
    files = {}
    for value in own_kinds.definitions(*names, NAMESPACE):
        metadata, spec = {**value["metadata"], "annotations": KEEP}, dict(value["spec"])
        first, *others = spec.pop("versions")
        text = dumped({**value, "metadata": metadata, "spec": {**_without(spec, "conversion"), "versions": [first]}})
        also = dumped(others) + dumped({"conversion": spec["conversion"]})
        files[f"definitions-{spec['names']['plural']}.yaml"] = HEAD + text + conditional(".Values.webhook", indent(also, "  "))
    return files


def _without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name != key}


def conversion() -> str:
    """The webhook that converts the definitions' versions."""
    names = own_kinds.definitions([gate.name for gate in GATES], list(PROVIDERS))
    objects = own_webhook.webhook(IMAGE, NAMESPACE, REPLICAS, tuple(one["metadata"]["name"] for one in names))
    return HEAD + conditional(".Values.webhook", "".join(f"---\n{dumped(value)}" for value in objects))


def templates() -> dict[str, str]:
    """File to text."""
    # A namespace to evict in keeps the rule for all out of the ClusterRole; both are put in by conditions.
    mark = "namespace-to-evict-in"
    whole = installation(Installation(IMAGE, NAMESPACE, REPLICAS, (mark,), fleet=True), [])
    files: dict[str, list[str]] = {"rbac.yaml": [], "operator.yaml": []}
    for value in whole:
        kind, metadata = value["kind"], value["metadata"]
        place = metadata.get("namespace", "")
        if kind == "Namespace":
            continue
        if kind == "ClusterRole":
            rules = [one for one in value["rules"] if one not in FLEET_RULES]
            text = cluster_role({**value, "rules": rules})
        elif place == mark:
            text = dumped(value).replace(mark, "{{ . }}").replace("{{ .Release", "{{ $.Release")
            text += granted("$.Values") if kind == "Role" else ""
            files["rbac.yaml"].append(f"{{{{- range .Values.evictIn }}}}\n---\n{text}{{{{- end }}}}\n")
            continue
        elif kind in ("Role", "RoleBinding") and place == NAMESPACE:
            files["rbac.yaml"].append(conditional(".Values.fleet", "---\n" + dumped(value)))
            continue
        elif kind == "Deployment":
            text = re.sub(r"( *)- --fleet\n", lambda m: conditional(".Values.fleet", f"{m[1]}- --fleet\n"), dumped(value))
            text = re.sub(rf"( *)- --evict-in={mark}\n", _each_namespace, text)
        else:
            text = dumped(value)
        files["operator.yaml" if kind in ("Deployment", "PodDisruptionBudget") else "rbac.yaml"].append(f"---\n{text}")
    texts = {name: HEAD + "".join(parts) for name, parts in files.items()}
    return texts | definitions() | {"webhook.yaml": conversion()}


def chart() -> dict[str, str]:
    """Every file of the chart, by its path."""
    about = {
        "apiVersion": "v2",
        "name": "underway",
        "description": "Upgrade Kubernetes clusters while they keep sailing.",
        "type": "application",
        "version": __version__,
        "appVersion": __version__,
        "kubeVersion": ">= 1.25.0-0",
    }
    values = (
        f"# The operator's image.\nimage: underway:{__version__}\n# One leads, the others stand by.\nreplicas: 2\n"
        "# The only namespaces whose pods may be evicted; [] for all.\nevictIn: []\n"
        "# Make it a hub: it reads kubeconfig Secrets of its namespace and rotates their clusters.\nfleet: false\n"
        f"# Machine providers whose machines are objects of this cluster: {', '.join(PROVIDER_RULES)}.\nproviders: []\n"
        "# Serve v1beta1 and v1alpha1 beside v1, with the webhook that converts them.\nwebhook: false\n"
        f"# What Rotations here may ask for, where pods may be evicted: {', '.join(GRANTS)}.\ngrants: []\n"
    )
    files = {
        "Chart.yaml": yaml.safe_dump(about, sort_keys=False),
        "values.yaml": values,
    }
    return files | {f"templates/{name}": text for name, text in templates().items()}


def main() -> None:
    """Write the chart."""
    for name, text in chart().items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(chart())} files for {NAME} in {TARGET}")


if __name__ == "__main__":
    main()
