"""What users declare, found by MODULE:NAME; what is wrong with it is theirs to read."""

from pathlib import Path

import pytest

from underway.errors import UsageError
from underway.web.declared import conversions, declared, judge

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot" / "conversions.py"


def test_conversions_are_found_in_a_file() -> None:
    (found,) = conversions(f"{KOT}:CONVERSIONS")
    assert found.versions.name == "devices.things.underway.dev"


def test_whatever_is_importable_is_found() -> None:
    assert judge("json:dumps")({}) == "{}"
    assert declared("underway.crd.review:Task.step")


@pytest.mark.parametrize(
    ("text", "spec", "message"),
    [
        ("", "none.py", "write MODULE:NAME"),
        ("", "none.py:", "write MODULE:NAME"),
        ("", "none.py:X", "none.py: there is no such file"),
        ("", "no_such_module:X", "no_such_module cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import nothing_of_the_kind", "m.py:X", "m.py:1 cannot be imported: ModuleNotFoundError"),
        ("a = 1\nb = (", "m.py:X", "m.py:2 cannot be imported: SyntaxError"),
        ("a = 1\n\nb = a / 0", "m.py:X", "m.py:3 cannot be imported: ZeroDivisionError: division by zero"),
        ("OTHER = 1", "m.py:X", "m.py has no X; there is OTHER"),
        ("X = 1", "m.py:X", "m.py:X is int; Conversions, or a tuple of them, are wanted"),
        ("X = ()", "m.py:X", "m.py:X is tuple; Conversions, or a tuple of them, are wanted"),
    ],
)
def test_a_broken_module_is_named_with_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, spec: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(text)
    with pytest.raises(UsageError) as raised:
        conversions(spec)
    assert message in str(raised.value)


def test_a_judge_is_a_function() -> None:
    with pytest.raises(UsageError, match="math:pi is float; a function from an AdmissionRequest to a verdict is wanted"):
        judge("math:pi")
