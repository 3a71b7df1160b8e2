"""docs/conversion.md: every console block is run in examples/kot, and what it prints is what the page shows."""

import re

import pytest

from pages import ROOT, printed, talks

PAGE = ROOT / "docs" / "conversion.md"


@pytest.mark.parametrize(("command", "shown"), talks(PAGE), ids=lambda text: text[:40])
def test_the_page_shows_what_is_printed(command: str, shown: str) -> None:
    assert printed(command, ROOT / "examples" / "kot") == shown


def test_every_move_is_on_the_page() -> None:
    from underway.crd import conversion

    moves = {name for name in conversion.__all__ if hasattr(getattr(conversion, name), "explains")} - {"Move"}
    assert {f"`{name}`" for name in moves} <= set(re.findall(r"`\w+`", PAGE.read_text()))
