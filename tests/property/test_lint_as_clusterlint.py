"""Over 200 generated clusters: with --compat we say what clusterlint says, and without it every difference has its reason.

The second opinion is tests/clusterlint_oracle.py. tests/e2e/test_clusterlint.py asks the program itself, where there is one.
"""

import sys
from pathlib import Path

import pytest

from clusterlint_clusters import CHECKS, SEEDS, Drawn, Reasons, found
from clusterlint_oracle import Oracle
from clusterlint_program import Program, Served

STAND_IN = Path(__file__).resolve().parents[1] / "clusterlint_stand_in.py"


def test_all_checks_are_compared() -> None:
    assert len(CHECKS) == 25


@pytest.mark.parametrize("seed", range(SEEDS))
def test_with_compat_we_say_what_clusterlint_says(seed: int) -> None:
    documents = Drawn(seed).documents
    assert found(documents, compat=frozenset({"clusterlint"})) == Oracle(documents).diagnostics()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_without_it_every_difference_has_its_reason(seed: int) -> None:
    documents = Drawn(seed).documents
    assert Reasons(documents).unexplained(set(Oracle(documents).diagnostics()), set(found(documents))) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_a_program_reads_the_cluster_over_https_and_is_heard(seed: int, tmp_path: Path) -> None:
    program = tmp_path / "clusterlint"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    program.chmod(0o755)
    documents = Drawn(seed).documents
    with Served() as served:
        served.hold(documents)
        heard = Program(str(program)).diagnostics(served.kubeconfig)
    assert heard == Oracle(documents).diagnostics()
