"""A report as text of the format that was asked for; and the files of earlier runs."""

from collections.abc import Sequence
from typing import Any

import msgspec

from underway.cli.options import read_bytes
from underway.errors import UsageError
from underway.lint.engine import Report
from underway.lint.picture import Picture
from underway.lint.report import FORMATS
from underway.lint.report.comparison import Difference, EarlierRun, difference
from underway.lint.report.plain import plain, plain_difference
from underway.lint.rule import Rule


class Printed(msgspec.Struct, frozen=True):
    """What is printed. before: an earlier run, of which only the difference is printed. source: what was looked at."""

    report: Report
    rules: Sequence[Rule]
    picture: Picture
    before: EarlierRun | None = None
    source: str = ""


def changes(file: str) -> EarlierRun:
    """A run saved with -o json. Raises UsageError with the file's name."""
    try:
        return msgspec.json.decode(read_bytes(file), type=EarlierRun)
    except msgspec.DecodeError as error:
        raise UsageError(f"{file}: not a saved run: {error}; make one with `underway lint run -o json > {file}`") from None


def printed(what: Printed, output: str) -> str:
    """The text. Raises UsageError for a format that cannot show a difference."""
    changed = None if what.before is None else difference(what.report, what.before)
    if output in ("json", "yaml"):
        return _data(plain(what.report) if changed is None else plain_difference(what.report, changed), output)
    if output == "text":
        return _text(what, changed)
    if changed is not None:
        raise UsageError(f"--diff is shown as text, json or yaml, not as {output}")
    if output == "html":
        from underway.web.lint_page import render

        return render(what.report, what.rules, what.source)
    found = next(one for one in FORMATS if one.name == output)
    return found.render(what.report, what.rules, what.picture)


def _data(value: dict[str, Any], output: str) -> str:
    if output == "json":
        # json.dumps indents in Python: ten thousand findings take it seconds.
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def _text(what: Printed, changed: Difference | None) -> str:
    from underway.cli.lint.text import of_difference, of_report

    return of_report(what.report, what.rules) if changed is None else of_difference(changed)
