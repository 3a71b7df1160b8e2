"""What a user declared in Python, found by MODULE:NAME: conversions, and functions that judge admission.

MODULE is importable or the path of a .py file. A module that is not there, does not run or lacks the name is told with its
own error: it is the user's code, and nothing to report to us.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from underway.crd.conversion import Conversions
from underway.errors import UsageError


def declared(spec: str) -> Any:
    """The value that MODULE:NAME names. Raises UsageError."""
    module_name, _, name = spec.rpartition(":")
    if not module_name or not name:
        raise UsageError(f"{spec!r}: write MODULE:NAME, such as things.conversions:CONVERSIONS or conversions.py:CONVERSIONS")
    module = _module(module_name)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            have = ", ".join(sorted(key for key in vars(module) if key.isupper())) or "nothing in capitals"
            raise UsageError(f"{module_name} has no {name}; there is {have}")
        found = getattr(found, part)
    return found


def conversions(spec: str) -> tuple[Conversions, ...]:
    """The conversions that MODULE:NAME names: one kind's, or several as a list or tuple. Raises UsageError."""
    found = declared(spec)
    several = tuple(found) if isinstance(found, list | tuple) else (found,)
    if not several or not all(isinstance(one, Conversions) for one in several):
        raise UsageError(f"{spec} is {type(found).__name__}; Conversions, or a tuple of them, are wanted")
    return several


def judge(spec: str) -> Callable[..., Any]:
    """The function that MODULE:NAME names. Raises UsageError."""
    found = declared(spec)
    if not callable(found):
        raise UsageError(f"{spec} is {type(found).__name__}; a function from an AdmissionRequest to a verdict is wanted")
    return found  # type: ignore[no-any-return]


def _module(name: str) -> Any:
    path = Path(name)
    if path.suffix == ".py" and not path.is_file():
        raise UsageError(f"{name}: there is no such file")
    try:
        if path.suffix != ".py":
            _importable("")
            return importlib.import_module(name)
        # What stands beside the file can be imported from it, as when Python runs it.
        _importable(str(path.parent.resolve()))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:  # pragma: no cover  every .py file has a loader
            return None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except Exception as error:
        where = _where(error, name)
        raise UsageError(f"{name}{where} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _importable(folder: str) -> None:
    """Modules in a folder ("": the working directory, as with python -m) can be imported."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _where(error: BaseException, name: str) -> str:
    """The line of the user's file in which it went wrong, as ":12", or ""."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    file = Path(name).name if name.endswith(".py") else f"{name.replace('.', '/')}.py"
    line, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(file):
            line = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return line
