"""Over 200 generated clusters: with --compat we say what clusterlint says, and without it every difference has its reason.

The second opinion is tests/clusterlint_oracle.py. tests/e2e/test_clusterlint.py asks the program itself, where there is one.
"""

import sys
from pathlib import Path

import pytest

from clusterlint_clusters import CHECKS, SEEDS, Drawn, found
from clusterlint_oracle import Oracle
from clusterlint_program import Program, Served
from clusterlint_reasons import Reasons

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


def test_every_reason_stands_on_its_page() -> None:
    assert [reason.words for reason in Reasons(Drawn(0).documents).all() if not reason.documented] == []


def test_every_reason_is_met_in_one_of_the_clusters() -> None:
    missing = {f"{reason.page}: {reason.words}" for reason in Reasons(Drawn(0).documents).all()}
    for seed in range(SEEDS):
        documents = Drawn(seed).documents
        reasons = Reasons(documents)
        reasons.unexplained(set(Oracle(documents).diagnostics()), set(found(documents)))
        missing -= reasons.met
        if not missing:
            break
    assert missing == set()


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
