"""`underway ingress rbac`, from a shell."""

import subprocess
import sys

import yaml


def rbac(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "ingress", "rbac", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"})


def test_objects_to_apply() -> None:
    made = list(yaml.safe_load_all(rbac("-n", "shop", "--tiers", "4").stdout))
    assert {one["kind"] for one in made} == {"ClusterRole", "ClusterRoleBinding", "RoleBinding"}


def test_the_matrix_as_a_table() -> None:
    lines = rbac("-n", "shop", "--matrix").stdout.splitlines()
    assert lines[0].split() == ["infrastructure-provider", "cluster-operator", "application-developer"]
    assert "httproutes            shop                  r                        r                        rw" in lines
    assert "secrets               shop                  -                        -                        -" in lines


def test_a_persona_that_there_is_not() -> None:
    done = rbac("-n", "shop", "--group", "captain=c")
    assert done.returncode == 2
    assert "--group captain=c: write PERSONA=GROUP, with one of infrastructure-provider" in done.stderr
