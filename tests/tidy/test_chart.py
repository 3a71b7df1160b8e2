"""The chart in the repository is the one that tools/chart.py draws."""

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def drawn() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("chart", ROOT / "tools" / "chart.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files: dict[str, str] = module.chart()
    return files


def test_the_chart_is_as_it_is_drawn() -> None:
    folder = ROOT / "deploy" / "helm" / "underway"
    present = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert present == drawn(), "the chart is stale: run python tools/chart.py"
