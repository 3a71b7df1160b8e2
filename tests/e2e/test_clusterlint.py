"""clusterlint itself over the generated clusters: with --compat we find what it finds, without it each difference has its reason.

It is taken from --clusterlint PATH, or from PATH, or, with --clusterlint install, installed by Go first. Where it cannot be had,
tests/property/test_lint_as_clusterlint.py holds the same clusters against an oracle.
"""

import shutil

import pytest
from bench.peers import peer

from clusterlint_clusters import SEEDS, Drawn, found
from clusterlint_program import Program, Served
from clusterlint_reasons import Reasons

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]
WANTED = "give --clusterlint PATH, or --clusterlint install; an oracle judges the same clusters in tests/property"


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Program:
    """clusterlint, or a skip that says how to bring it."""
    asked = str(request.config.getoption("--clusterlint"))
    if asked == "install":
        path, why = peer("clusterlint")
        if not path:
            pytest.skip(f"{why}; {WANTED}")
        return Program(path)
    path = asked or shutil.which("clusterlint") or ""
    if not path:
        pytest.skip(f"no clusterlint on PATH; {WANTED}")
    return Program(path)


def test_every_difference_from_clusterlint_has_its_reason(program: Program) -> None:
    differences = []
    with Served() as served:
        for seed in range(SEEDS):
            documents = Drawn(seed).documents
            served.hold(documents)
            theirs = program.diagnostics(served.kubeconfig)
            if found(documents, compat=frozenset({"clusterlint"})) != theirs:
                differences.append(f"seed {seed}: --compat clusterlint differs")
            differences += [f"seed {seed}: {one}" for one in Reasons(documents).unexplained(set(theirs), set(found(documents)))]
    assert differences == []
