"""What the README tells to try works, and prints what it shows."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from underway.cli.main import main

REPOSITORY = Path(__file__).resolve().parents[3]
README = (REPOSITORY / "README.md").read_text()


def run(*arguments: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert err.getvalue() == ""
    return int(ended.value.code or 0), out.getvalue()


def test_lint_finds_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    code, output = run("lint", "run", "-f", "examples/lint/shop.yaml", "--target", "1.37")
    assert code == 1
    (shown,) = re.findall(r"```\n(Deployment shop/web.*?)```", README, re.DOTALL)
    assert [line for line in shown.splitlines() if line.strip() not in {part.strip() for part in output.splitlines()}] == []
    assert "two of ten findings" in README
    assert len(re.findall(r"^  (?:error|warning|info) ", output, re.MULTILINE)) == 10


@pytest.mark.parametrize("command", re.findall(r"\| `(?:cd examples/kot && )?underway ((?:ingress|crd) [^`]*)` \|", README))
def test_what_the_rooms_try(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY / "examples/kot" if command.startswith("crd") else REPOSITORY)
    words = [*command.split(), *(("--rounds", "200", "--processes", "1") if command.startswith("crd") else ())]
    code, output = run(*words)
    assert code == 1
    assert "is lost" in output or "REFUTED" in output
