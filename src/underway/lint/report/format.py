"""What a report format is: a name, and a function from a report to text."""

from collections.abc import Callable, Sequence

import msgspec

from underway.lint.engine import Report
from underway.lint.picture import Picture
from underway.lint.rule import Rule

Render = Callable[[Report, Sequence[Rule], Picture], str]


class Format(msgspec.Struct, frozen=True):
    """One format. name: what -o takes; render: of the report, the rules that were asked for and the picture they looked at."""

    name: str
    render: Render
