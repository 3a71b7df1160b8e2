"""`underway lint`, as a user calls it: selection, files that are wrong, exit codes."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from underway.cli.main import main
from underway.lint.objects.kinds import KINDS

DEPLOY = Path(__file__).resolve().parents[3] / "deploy" / "lint-cronjob.yaml"
BARE = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: web}]}\n"


class Ran:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def report(self) -> Any:
        return json.loads(self.out)

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.report["findings"]]


class Lint:
    """Runs `underway lint` in a folder of files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def __call__(self, *arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(["lint", *arguments])
        out, err = self.capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err.replace(f"{self.folder}/", ""))

    def run(self, content: str | bytes, *arguments: str, name: str = "a.yaml") -> Ran:
        return self("run", "-f", self.file(name, content), *arguments)


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(tmp_path, capsys)


def test_the_list_has_the_shape_that_scripts_rely_on(lint: Lint) -> None:
    done = lint("list", "-o", "json")
    assert done.code == 0
    assert all(set(row) == {"name", "groups", "severity", "description"} for row in done.report)
    assert "latest-tag" in lint("list").out


def test_a_run_has_the_shape_that_scripts_rely_on(lint: Lint) -> None:
    done = lint.run(BARE, "-c", "latest-tag", "-c", "bare-pods", "-o", "json")
    assert done.code == 0, "warnings do not fail by default"
    assert done.rules == ["bare-pods", "latest-tag"]
    first = done.report["findings"][0]
    assert first["object"] == {"kind": "Pod", "namespace": "shop", "name": "web"}
    assert (Path(first["file"]).name, first["line"]) == ("a.yaml", 1)


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_fail_on_says_what_fails(lint: Lint, fail_on: str, code: int) -> None:
    assert lint.run(BARE, "-c", "latest-tag", "--fail-on", fail_on).code == code


def test_what_is_asked_for_may_be_repeated_or_have_commas(lint: Lint) -> None:
    both = lint.run(BARE, "-c", "latest-tag,bare-pods", "-o", "json").rules
    assert both == ["bare-pods", "latest-tag"]
    assert "latest-tag" not in lint.run(BARE, "-g", "basic", "-C", "latest-tag", "-o", "json").rules
    assert lint.run(BARE, "-G", "basic", "-g", "doks").err.startswith("underway: -g and -G exclude each other")


def test_namespaces_and_severities_are_chosen(lint: Lint) -> None:
    two = BARE + "---\n" + BARE.replace("shop", "till")
    assert len(lint.run(two, "-c", "latest-tag", "-o", "json").rules) == 2
    assert len(lint.run(two, "-c", "latest-tag", "-n", "till", "-o", "json").rules) == 1
    assert len(lint.run(two, "-c", "latest-tag", "-N", "till", "-N", "shop", "-o", "json").rules) == 0
    assert lint.run(two, "-n", "till", "-N", "shop").code == 2
    assert lint.run(BARE, "-c", "latest-tag", "-l", "error", "-l", "suggestion", "-o", "json").rules == []
    assert lint.run(BARE, "-l", "loud").code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-c", "latest-tags"), "underway: rule 'latest-tags' is not known; did you mean 'latest-tag'?"),
        (("-g", "nope"), "underway: group 'nope' is not known; `underway lint list` shows all"),
        (("-c", "latest-tag", "-g", "doks"), "underway: no rule is left to run"),
        (("--target", "next"), "underway: --target next: write a version as 1.37"),
        (("--target", "1.15"), "underway: --target 1.15: what is removed is known for 1.16 to 1.43"),
        (("--target", "2.3"), "underway: --target 2.3: what is removed is known for 1.16 to 1.43"),
        (("--set", "latest-tag.x=1"), "underway: --set latest-tag.x=1: there is no threshold 'latest-tag.x'"),
        (("--snapshot", "x.json"), "underway: -f and --snapshot exclude each other"),
        (("--rules", "gone.py"), "underway: --rules gone.py: there is no such file"),
        (("--baseline", "gone.json"), "underway: gone.json: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_is_a_sentence(lint: Lint, arguments: tuple[str, ...], message: str) -> None:
    done = lint.run(BARE, *arguments)
    assert done.code == 2
    assert done.err.startswith(message)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tab.yaml", "a: 1\n\tb: 2\n", "tab.yaml:2: a tab indents it, and YAML takes spaces alone"),
        ("twice.yaml", "kind: Pod\napiVersion: v1\nkind: Pod\n", "twice.yaml:3: key 'kind' stands twice"),
        ("latin.yaml", b"kind: Pod\nname: \xe9\n", "latin.yaml:2: holds a character that YAML does not allow"),
        ("cut.json", '{"kind":"Pod","metadata":{"name":"x"\n', "cut.json:2: did not find expected ',' or '}'"),
        ("alias.yaml", "a: *b\n", "alias.yaml:1: alias 'b' is not defined"),
        ("list.yaml", "- a\n", "list.yaml:1: holds no object; an object begins with apiVersion and kind"),
        ("values.yaml", "replicas: 3\n", "values.yaml:1: holds no object; an object begins with apiVersion and kind"),
        (
            "odd.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: 5}\n",
            "odd.yaml:1: Pod cannot be read: Expected `array`, got `int` - at `$.spec.containers`",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named_with_its_line_and_nothing_else_is_lost(
    lint: Lint, name: str, content: str | bytes, message: str
) -> None:
    alone = lint.run(content, name=name)
    assert alone.code == 2
    assert alone.err.startswith(f"underway: {message}")
    good = lint.file("good.yaml", BARE)
    both = lint("run", "-f", str(lint.folder / name), "-f", good, "-c", "latest-tag", "-o", "json")
    assert (both.code, both.rules) == (4, ["latest-tag"])
    assert both.report["skipped"][0]["kind"] == "File"
    assert f"skipped: File: {message}" in both.err


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"kind: Pod\nkind: Pod\n", "key 'kind' stands twice"),
        (b"kind:\n\tPod\n", "a tab indents it"),
        (b"kind: {a: [1\n", "did not find expected ',' or ']'"),
        (b"kind: *gone\n", "alias 'gone' is not defined"),
        (b"kind: \xe9\n", "holds a character that YAML does not allow"),
    ],
)
def test_a_broken_document_costs_neither_those_before_nor_those_behind_it(lint: Lint, broken: bytes, message: str) -> None:
    pods = [BARE.replace("name: web", f"name: {name}").encode() for name in ("one", "three")]
    done = lint.run(b"---\n".join((pods[0], broken, broken, pods[1])), "-c", "bare-pods", "-o", "json")
    assert done.code == 4
    assert [one["object"]["name"] for one in done.report["findings"]] == ["one", "three"]
    lines = [one["reason"].split(": ")[0].rpartition(":")[2] for one in done.report["skipped"]]
    assert len(lines) == 2
    assert int(lines[1]) - int(lines[0]) == broken.count(b"\n") + 1
    assert all(message in one["reason"] for one in done.report["skipped"])
    assert done.report["findings"][1]["line"] == 1 + pods[0].count(b"\n") + 2 * broken.count(b"\n") + 3


def test_what_is_about_an_object_as_a_whole_names_no_place(lint: Lint) -> None:
    node = {"metadata": {"name": "n", "uid": "n"}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.1"}}}
    saved = {
        "apiVersion": "underway.dev/v1",
        "kind": "Snapshot",
        "serverVersion": "v1.36.1",
        "takenAt": "now",
        "objects": {"Node": [node]},
    }
    file = lint.file("s.json", json.dumps(saved))
    done = lint("run", "--snapshot", file, "-c", "version-skew", "--target", "1.35")
    assert done.out.splitlines()[1:4] == [
        "  error   the API server is v1.36.1, newer than 1.35: a control plane is never taken back  version-skew",
        "          observed",
        "          do name a newer target",
    ]


def test_a_helm_chart_is_met_with_a_sentence_and_what_lies_beside_it_is_looked_at(lint: Lint) -> None:
    lint.file("deploy/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    lint.file("deploy/web/values.yaml", "replicas: 3\n")
    lint.file("deploy/web/templates/web.yaml", "replicas: {{ .Values.replicas }}\n")
    lint.file("deploy/web/charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n")
    told = "deploy/web: this is a Helm chart, whose files are templates: helm template NAME "
    alone = lint("run", "-f", str(lint.folder / "deploy" / "web"))
    assert alone.code == 2
    assert alone.err.startswith(f"underway: {told}")
    assert alone.err.rstrip().endswith("| underway lint run -f -")
    lint.file("deploy/bare.yaml", BARE)
    both = lint("run", "-f", str(lint.folder / "deploy"), "-c", "latest-tag", "-o", "json")
    assert (both.code, both.rules) == (4, ["latest-tag"])
    assert both.err.startswith(f"skipped: File: {told}")
    assert len(both.report["skipped"]) == 1


def test_a_kustomization_is_met_with_a_sentence(lint: Lint) -> None:
    done = lint.run("resources: [web.yaml]\n", name="prod/kustomization.yaml")
    told = "this is a kustomization, and no object: kustomize build prod | underway lint run -f -\n"
    assert (done.code, done.err) == (2, f"underway: prod/kustomization.yaml:1: {told}")


def test_a_template_is_told_apart_from_broken_yaml(lint: Lint) -> None:
    done = lint.run("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n", name="web.yaml")
    told = "it looks like a template: give what it makes, such as helm template NAME CHART | underway lint run -f -\n"
    assert (done.code, done.err) == (2, f"underway: web.yaml:3: a key is not a word; {told}")


def test_what_is_no_object_in_a_list_is_named_and_the_others_are_looked_at(lint: Lint) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [5, yaml.safe_load(BARE), None]})
    done = lint.run(text, "-c", "bare-pods", "-o", "json")
    assert (done.code, done.rules) == (4, ["bare-pods"])
    assert [one["reason"].partition(": ")[2] for one in done.report["skipped"]] == [
        "item 0 of the List is no object",
        "item 2 of the List is no object",
    ]


def test_documents_before_a_broken_one_are_kept(lint: Lint) -> None:
    done = lint.run(BARE + "---\na: 1\n\tb: 2\n", "-c", "latest-tag", "-o", "json")
    assert (done.code, done.rules) == (4, ["latest-tag"])


def test_anchors_merges_lists_and_nulls_are_read(lint: Lint) -> None:
    text = """
apiVersion: v1
kind: List
items:
  - &pod
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: shop, annotations: null, creationTimestamp: null}
    spec: {containers: [{name: x, image: x, resources: null}], volumes: null}
  - <<: *pod
    metadata: {name: b, namespace: shop}
---
apiVersion: v1
kind: PodList
items: [{metadata: {name: c, namespace: shop}, spec: {containers: [{name: x, image: x}]}}]
---
"""
    done = lint.run(text, "-c", "latest-tag", "-o", "json")
    assert [finding["object"]["name"] for finding in done.report["findings"]] == ["a", "b", "c"]
    assert done.code == 0


def test_a_folder_and_json_and_standard_input(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    lint.file("charts/a.yaml", BARE)
    lint.file("charts/deep/b.json", json.dumps(yaml.safe_load(BARE.replace("web", "api"))))
    done = lint("run", "-f", str(lint.folder / "charts"), "-c", "bare-pods", "-o", "json")
    assert [finding["object"]["name"] for finding in done.report["findings"]] == ["api", "web"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BARE.encode())))
    assert lint("run", "-f", "-", "-c", "bare-pods", "-o", "json").rules == ["bare-pods"]


def test_a_config_map_of_30_megabytes_is_known_by_its_metadata(lint: Lint) -> None:
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big", "namespace": "shop"}}
    text = json.dumps({**config_map, "data": {"x": "y" * 30_000_000}})
    done = lint.run(text, "-c", "unused-config-map", "-o", "json", name="big.json")
    assert done.rules == ["unused-config-map"]
    assert len(done.out) < 2_000


def test_owners_in_a_circle_are_reported_and_nothing_is_lost(lint: Lint) -> None:
    def replica_set(name: str, owner: str) -> dict[str, Any]:
        references = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}]
        metadata = {"name": name, "namespace": "shop", "ownerReferences": references}
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": {}}

    pod = yaml.safe_load(BARE)
    pod["metadata"]["ownerReferences"] = replica_set("x", "a")["metadata"]["ownerReferences"]
    text = yaml.safe_dump_all([replica_set("a", "b"), replica_set("b", "a"), pod])
    done = lint.run(text, "-c", "owner-cycle,latest-tag", "-o", "json")
    assert sorted(done.rules) == ["latest-tag", "owner-cycle", "owner-cycle"]
    assert "its owners go in a circle: ReplicaSet a -> ReplicaSet b -> ReplicaSet a" in done.out


def test_pods_that_own_each_other_are_reported_too(lint: Lint) -> None:
    def pod(name: str, owner: str) -> dict[str, Any]:
        references = [{"apiVersion": "v1", "kind": "Pod", "name": owner, "uid": owner, "controller": True}]
        made = yaml.safe_load(BARE.replace("web, namespace", f"{name}, namespace"))
        return {**made, "metadata": {**made["metadata"], "ownerReferences": references}}

    done = lint.run(yaml.safe_dump_all([pod("a", "b"), pod("b", "a")]), "-c", "owner-cycle,latest-tag", "-o", "json")
    assert done.rules.count("owner-cycle") == 2
    assert "latest-tag" in done.rules


RULE = """
from underway.lint.finding import Found, Severity
from underway.lint.rule import Rule

def run(picture, options):
    for thing in picture.objects:
        yield Found(about=thing, message="seen")
        {then}

RULES = (Rule(name="mine", groups=("own",), severity=Severity.ERROR, kinds=(), run=run, page="Mine."),)
"""


def test_rules_of_ones_own_come_from_a_file(lint: Lint) -> None:
    done = lint.run(BARE, "--rules", lint.file("mine.py", RULE.format(then="")), "-c", "mine", "-o", "json")
    assert (done.code, done.rules) == (1, ["mine"])


def test_rules_of_installed_packages_come_by_their_entry_point(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    lint.file("acme_rules.py", RULE.format(then=""))
    lint.file("acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    points = "[underway.lint.rules]\nacme = acme_rules:RULES\ngone = acme_gone:RULES\n"
    lint.file("acme-1.0.dist-info/entry_points.txt", points)
    monkeypatch.syspath_prepend(str(lint.folder))
    done = lint.run(BARE, "-c", "mine", "-o", "json")
    assert (done.code, done.rules) == (1, ["mine"])
    told = "entry point gone (acme_gone:RULES) cannot be loaded: ModuleNotFoundError: No module named 'acme_gone'"
    assert f"skipped: Rule: {told}" in done.err
    listed = lint("list", "-g", "own", "-o", "json")
    assert (listed.code, [row["name"] for row in listed.report]) == (4, ["mine"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("raise RuntimeError('boom')", "mine.py cannot be loaded: RuntimeError: boom"),
        ("x = 1", "mine.py cannot be loaded: ValueError: it defines no RULES; end it with RULES = (my_rule,)"),
        ("RULES = (5,)", "mine.py cannot be loaded: ValueError: 5 is no underway.lint.rule.Rule"),
        ("import sys\nsys.exit(9)", "mine.py cannot be loaded: SystemExit: 9"),
        (RULE.format(then="raise SystemExit(7)"), "rule mine broke: SystemExit: 7; what it found before is kept"),
        (RULE.format(then="1 / 0"), "rule mine broke: ZeroDivisionError: division by zero; what it found before is kept"),
        (RULE.format(then="").replace('"mine"', '"noop"'), "there is a rule 'noop' already; call it otherwise"),
    ],
)
def test_a_broken_plug_in_is_named_and_the_others_run(lint: Lint, content: str, message: str) -> None:
    done = lint.run(BARE, "--rules", lint.file("mine.py", content), "-o", "json", "--fail-on", "error", "-C", "noop")
    assert message in done.err
    assert "latest-tag" in done.rules
    assert done.code == (1 if "mine" in done.rules else 4)


def test_a_baseline_hides_what_was_known_and_a_difference_shows_what_changed(lint: Lint) -> None:
    asked = ("-c", "latest-tag,bare-pods", "--fail-on", "warning", "-o", "json")
    before = lint.file("before.json", lint.run(BARE, *asked).out)
    assert lint.run(BARE, *asked, "--baseline", before).code == 0
    more = BARE.replace("]}", ", {name: two, image: two}]}")
    assert lint.run(more, *asked, "--baseline", before).code == 1
    changed = lint.run(more, *asked, "--diff", before)
    assert (changed.code, len(changed.report["new"]), changed.report["gone"], changed.report["same"]) == (1, 1, [], 2)
    assert lint.run(BARE, *asked, "--diff", before).code == 0
    text = lint.run(more, "-c", "latest-tag", "--diff", before).out
    assert "+ warning: Pod shop/web: container 'two': image 'two' floats" in text
    assert "- warning: Pod shop/web: the pod has no controller" in text
    assert text.endswith("1 new, 1 gone, 1 the same\n")


def test_patches_are_printed_not_applied(lint: Lint) -> None:
    text = BARE.replace("kind: Pod", "kind: Pod").replace("image: web", "image: web, securityContext: {privileged: true}")
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    whole = {**deployment, "spec": {"template": {"spec": yaml.safe_load(text)["spec"]}}}
    out = lint.run(json.dumps(whole), "-c", "privileged-containers", "--fix", name="a.json").out
    assert out.splitlines()[1].startswith("kubectl patch deployment web --namespace shop --type strategic --patch '{")


@pytest.mark.parametrize("output", ["text", "yaml", "sarif", "junit", "html", "markdown", "prometheus", "clusterlint-json"])
def test_every_format_is_printed(lint: Lint, output: str) -> None:
    done = lint.run(BARE, "-o", output)
    assert done.code == 0
    assert "bare-pods" in done.out


def test_clusterlints_faults_come_back(lint: Lint) -> None:
    root_ca = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: default}\n"
    assert lint.run(root_ca, "-c", "default-namespace,unused-config-map", "-o", "json").rules == []
    compat = lint.run(root_ca, "-c", "default-namespace,unused-config-map", "-o", "json", "--compat", "clusterlint")
    assert compat.rules == ["default-namespace", "unused-config-map"]


def test_the_manifest_for_a_cluster_may_list_what_is_read_and_nothing_else() -> None:
    (role,) = (one for one in yaml.safe_load_all(DEPLOY.read_text()) if one["kind"] == "ClusterRole")
    *resources, urls = role["rules"]
    assert urls == {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
    assert {verb for rule in resources for verb in rule["verbs"]} == {"list"}
    granted = {(group, name) for rule in resources for group in rule["apiGroups"] for name in rule["resources"]}
    assert granted == {(path.group, path.plural) for kind in KINDS.values() for path in kind.paths}


def test_the_manifest_for_a_cluster_passes_its_own_rules(lint: Lint) -> None:
    done = lint("run", "-f", str(DEPLOY), "--fail-on", "info")
    assert done.code == 0, done.out
