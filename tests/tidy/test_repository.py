"""Rules of the house, as tests over the repository itself."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from underway.lint.rules import RULES
from underway.rotate.gates import GATES
from underway.sim.checkers import CHECKERS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "underway"
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
MODULES = sorted(SOURCE.rglob("*.py"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_and_functions_stay_small_and_speak(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MODULE_LINES_MAX
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it owns"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{node.name} is too long"


def test_no_module_is_a_drawer() -> None:
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "helpers", "common", "manager", "misc", "context"}


@pytest.mark.parametrize(("package", "listed"), [("rotate/gates", GATES), ("sim/checkers", CHECKERS), ("lint/rules", RULES)])
def test_every_file_is_in_its_tuple(package: str, listed: tuple[object, ...]) -> None:
    files = {path.stem for path in (SOURCE / package).glob("*.py")} - {"__init__", "judgement", "evidence"}
    named = {getattr(one, "name", "").replace("-", "_") for one in listed}
    assert files == named


def test_nobody_waits_by_sleeping() -> None:
    allowed = {"rate.py", "loop.py"}  # asyncio.sleep inside the rate limit and the batch: they are times, not states
    for path in MODULES:
        text = path.read_text()
        assert "time.sleep(" not in text, path
        if path.name not in allowed:
            # sleep(0) only lets the event loop take its next turn.
            assert not re.search(r"asyncio\.sleep\((?!0\))", text), path


def test_no_unfinished_business() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    for path in MODULES:
        assert not words.search(path.read_text()), path


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(r"(pypi\.org|pythonhosted|registry\.npmjs|crates\.io/api|proxy\.golang|deb\.debian)\.?")
    own = Path(__file__)
    for path in tracked():
        if path != own and path.is_file() and path.suffix not in (".png", ".sum"):
            assert not hosts.search(path.read_text(errors="ignore")), path


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """The version and the hashes of each package in a lock."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text()):
        name, version = re.split(r"==|[ \\;]", entry, maxsplit=2)[:2]
        found[name] = (version, frozenset(re.findall(r"--hash=(\S+)", entry)))
    return found


def test_the_image_gets_what_was_tested_and_no_tool_of_development() -> None:
    image, tested = pins("deploy/requirements.lock"), pins("requirements.lock")
    assert image == {name: tested[name] for name in image}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["aws"], *extras["alerts"]]
    assert {re.split("[>=]", one)[0].lower().replace(".", "-") for one in asked} <= image.keys()
    assert not image.keys() & {"pytest", "moto", "mypy", "ruff", "kopf", "hypothesis", "hatchling"}
    assert "COPY deploy/requirements.lock" in (ROOT / "deploy/Dockerfile").read_text()


def test_architecture_names_tests_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) >= 8
    for file, function in named:
        assert (ROOT / file).exists(), file
        if function:
            assert f"def {function}" in (ROOT / file).read_text(), (file, function)


def test_the_diagram_of_phases_is_drawn_from_the_table() -> None:
    from underway.rotate.machine import TABLE

    text = (ROOT / "ARCHITECTURE.md").read_text()
    for (phase, event), following in TABLE.items():
        assert f"{phase.value} --> {following.value}: {event.value}" in text


def test_contributing_tells_how_to_add_things() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for thing in ("health gate", "machine provider", "checker", "incident", "fault"):
        assert thing in text
    assert "tools/replay.py" in text


def test_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


def test_the_pages_of_the_rules_are_written_from_their_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "tools/rule_pages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"stale: {done.stdout.split()}; run python tools/rule_pages.py"
