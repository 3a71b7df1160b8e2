"""What the conversion writes is taken by a real kube-apiserver with the Gateway API, and the personas' roles hold there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from binaries import require_control_plane
from controlplane import ControlPlane
from property import wild
from property.conversions import drawn
from underway.cli.crd.validate import command as validate
from underway.ingress.conversion import convert
from underway.ingress.layout import Options
from underway.ingress.migration import resource_of
from underway.ingress.personas import Row, default_groups, matrix, objects
from underway.ingress.providers.ingress_nginx.keys import KEYS
from underway.ingress.versions import converted
from underway.ingress.versions.edits import applied
from unit.ingress.converting import nginx, path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
VERSIONS = {6: "v1.6.1", 5: "v1.5.1", 4: "v1.4.1"}
ENVOY = "github.com/envoyproxy/gateway@v1.9.1"
SEEDS = range(40)


def module(name: str) -> Path:
    """The folder of a Go module, which is downloaded once."""
    done = subprocess.run(["go", "mod", "download", "-json", name], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name}: {done.stdout or done.stderr}")
        pytest.skip(f"{name} cannot be downloaded: {done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def gateway_api(minor: int, channel: str) -> list[dict[str, Any]]:
    """The definitions of a channel that routes of ours use.

    Its admission policy, which forbids to go back to an older version, is left out; so are TCPRoute and UDPRoute, whose stored
    version cannot go back.
    """
    folder = module(f"sigs.k8s.io/gateway-api@{VERSIONS[minor]}") / "config" / "crd" / channel
    found = [one for file in sorted(folder.glob("gateway.*.yaml")) for one in yaml.safe_load_all(file.read_text())]
    definitions = [one for one in found if one and one["kind"] == "CustomResourceDefinition"]
    return [one for one in definitions if one["spec"]["names"]["kind"] not in ("TCPRoute", "UDPRoute")]


def envoy_gateway() -> list[dict[str, Any]]:
    folder = module(ENVOY) / "charts" / "gateway-crds-helm" / "templates" / "generated"
    texts = (
        "\n".join(line for line in file.read_text().splitlines() if not line.startswith("{{"))
        for file in sorted(folder.glob("*.yaml"))
    )
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


class Bare:
    """A control plane of its own: definitions of several versions come and go there."""

    def __init__(self, running: ControlPlane) -> None:
        self.running = running

    def install(self, definitions: list[dict[str, Any]]) -> None:
        text = yaml.safe_dump_all(definitions)
        self.running.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        self.running.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")

    def refused(self, made: list[dict[str, Any]]) -> list[str]:
        """What the server says against objects, by a dry run."""
        text = yaml.safe_dump_all(made)
        done = subprocess.run(
            [*self.running.command(), "apply", "--server-side", "--dry-run=server", "-f", "-"],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return [line for line in done.stderr.splitlines() if line]


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    require_control_plane()
    with ControlPlane(controllers=False) as running:
        for namespace in ("one", "two", "gateways", "shop", "other"):
            running.kubectl("create", "namespace", namespace)
        yield Bare(running)


def corpus(minor: int, emitter: str) -> list[dict[str, Any]]:
    """The objects of all seeds, each seed in names of its own."""
    found: list[dict[str, Any]] = []
    for seed in SEEDS:
        ingresses, options, _ = drawn(seed)
        topology = options.topology if minor > 4 else "shared"
        made = convert(ingresses, Options(emitter=emitter, minor=minor, topology=topology, experimental=False)).objects
        found += [_renamed(one, seed) for one in made if one["kind"] != "GatewayClass"]
    return found


def _renamed(one: dict[str, Any], seed: int) -> dict[str, Any]:
    return {**one, "metadata": {**one["metadata"], "name": f"s{seed}-{one['metadata']['name']}"}}


@pytest.mark.parametrize(
    ("minor", "channel"), [(6, "standard"), (6, "experimental"), (5, "standard"), (5, "experimental"), (4, "standard")]
)
def test_every_object_is_taken_by_the_real_server(bare: Bare, minor: int, channel: str) -> None:
    bare.install(gateway_api(minor, channel))
    made = corpus(minor, "standard")
    assert len(made) > 100
    assert bare.refused(made) == []


@pytest.mark.parametrize("channel", ["standard", "experimental"])
def test_every_object_is_valid_for_our_own_judge_of_definitions(channel: str, tmp_path: Path) -> None:
    folder = module(f"sigs.k8s.io/gateway-api@{VERSIONS[6]}") / "config" / "crd" / channel
    made = corpus(6, "standard")
    for seed in range(80):  # wild sets, too, but of the standard channel alone
        ingresses, options = wild.drawn(seed)
        plain = msgspec.structs.replace(options, emitter="standard", experimental=False)
        made += [_renamed(one, 1000 + seed) for one in convert(ingresses, plain).objects if one["kind"] != "GatewayClass"]
    for kind in sorted({one["kind"] for one in made}):
        definition = folder / f"gateway.networking.k8s.io_{resource_of({'apiVersion': 'a/v1', 'kind': kind}).plural}.yaml"
        file = tmp_path / f"{kind}.yaml"
        file.write_text(yaml.safe_dump_all(one for one in made if one["kind"] == kind))
        done = CliRunner().invoke(validate, ["--crd", str(definition), "-f", str(file)])
        assert done.exit_code == 0, [line for line in done.output.splitlines() if not line.endswith("is valid")][:5]


def test_every_policy_of_envoy_gateway_is_taken_by_the_real_server(bare: Bare) -> None:
    bare.install([*gateway_api(6, "standard"), *envoy_gateway()])
    made = corpus(6, "envoy-gateway")
    assert {"SecurityPolicy"} <= {one["kind"] for one in made}
    assert bare.refused(made) == []


def test_odd_values_of_every_annotation_make_objects_that_are_taken(bare: Bare) -> None:
    bare.install([*gateway_api(6, "standard"), *envoy_gateway()])
    made: list[dict[str, Any]] = []
    paths = [path("/"), path("/x(/|$)(.*)", kind="ImplementationSpecific")]
    for number, key in enumerate(KEYS):
        for text in ("true", "on", "86400", "https://b.com/x", "cookie", "10.0.0.0/8", "shop/x", "/a"):
            one = nginx("shop/web", {"a.com": paths}, {key.name: text, "enable-cors": "true"})
            written = convert([one], Options(emitter="envoy-gateway")).objects
            made += [_renamed(each, number) for each in written if each["kind"] not in ("GatewayClass", "Gateway")]
    different = list({json.dumps({**one, "metadata": ""}): one for one in made}.values())
    assert bare.refused(different) == []


def test_every_converted_version_is_taken_by_the_real_server(bare: Bare) -> None:
    ingresses = [_renamed(one, seed) for seed in SEEDS for one in drawn(seed)[0]]
    again = []
    for one in ingresses:
        old = applied(one, converted(one, 0, "v1beta1").edits)
        again.append(applied(old, converted(old, 0, "v1").edits))
    assert again == ingresses
    assert bare.refused(again) == []


@pytest.mark.parametrize("tiers", [3, 4])
def test_the_roles_of_the_personas_are_what_their_matrix_says(bare: Bare, tiers: int) -> None:
    bare.install(gateway_api(6, "standard"))
    groups = default_groups(tiers)
    bare.running.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects(tiers, ["shop"], groups)))
    rows = matrix(tiers, "shop", "other")
    reviews = {"apiVersion": "v1", "kind": "List", "items": [_review(row, groups[row.persona]) for row in rows]}
    shown = 'jsonpath={.status.allowed}{"\\n"}'
    answers = bare.running.kubectl("create", "-o", shown, "-f", "-", stdin=json.dumps(reviews)).split()
    assert [row for row, answer in zip(rows, answers, strict=True) if (answer == "true") is not row.allowed] == []


def _review(row: Row, group: str) -> dict[str, Any]:
    """The question whether somebody of a persona may do something."""
    attributes = {"verb": row.verb, "resource": row.resource, "group": row.group, "namespace": row.namespace}
    spec = {"user": f"somebody-of-{row.persona}", "groups": [group, "system:authenticated"], "resourceAttributes": attributes}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def test_a_persona_meets_the_server_by_impersonation(bare: Bare) -> None:
    bare.install(gateway_api(6, "standard"))
    groups = default_groups(3)
    bare.running.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects(3, ["shop"], groups)))
    developer = ("--as=dev", f"--as-group={groups['application-developer']}")
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "mine", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "front", "namespace": "gateways"}]},
    }
    bare.running.kubectl("create", "-f", "-", *developer, stdin=json.dumps(route))
    elsewhere = {**route, "metadata": {"name": "mine", "namespace": "other"}}
    with pytest.raises(RuntimeError, match='cannot create resource "httproutes"'):
        bare.running.kubectl("create", "-f", "-", *developer, stdin=json.dumps(elsewhere))
    with pytest.raises(RuntimeError, match="forbidden"):
        bare.running.kubectl("get", "secrets", "-n", "shop", *developer)


def test_a_migration_goes_forth_and_back_on_the_real_server(bare: Bare) -> None:
    """Each step but the comparison of data planes, of which there are none here, and back to where it began."""
    bare.install(gateway_api(6, "standard"))
    one = {**nginx("shop/moving", {"moving.example": [path("/")]})}
    one["spec"] = {**one["spec"], "ingressClassName": "moving"}
    bare.running.kubectl("create", "-f", "-", stdin=json.dumps(one))
    try:
        before = _ingress(bare)
        for step, *words in (["apply"], ["shift", "--weight", "10"], ["shift", "--weight", "100"], ["retire"]):
            if step == "shift":  # as if both data planes had been compared
                mark = "migrate.underway.dev/step=Compared"
                bare.running.kubectl("annotate", "--overwrite", "ingress", "moving", "-n", "shop", mark)
            _migrate(bare, step, *words)
        assert _ingress(bare)["spec"]["ingressClassName"] == "moving-retired"
        for _ in ("retire", "shift", "compare", "apply"):
            _migrate(bare, "undo")
        after = _ingress(bare)
        assert (after["spec"], after["metadata"].get("annotations")) == (before["spec"], before["metadata"].get("annotations"))
        assert (
            bare.running.kubectl("get", "httproutes,gateways", "-A", "-l", "migrate.underway.dev/class=moving", "-o", "name")
            == ""
        )
    finally:
        bare.running.kubectl("delete", "ingress", "moving", "-n", "shop", "--ignore-not-found")


def _migrate(bare: Bare, step: str, *words: str) -> None:
    command = [sys.executable, "-m", "underway", "ingress", "migrate", step, "--class", "moving", *words]
    command += ["--kubeconfig", str(bare.running.admin)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _ingress(bare: Bare) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bare.running.kubectl("get", "ingress", "moving", "-n", "shop", "-o", "json"))
    return found
