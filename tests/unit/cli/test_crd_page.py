"""docs/crd.md: every console block is run in examples/crd, and what it prints is what the page shows."""

import pytest

from pages import ROOT, printed, talks


@pytest.mark.parametrize(("command", "shown"), talks(ROOT / "docs" / "crd.md"), ids=lambda text: text[:40])
def test_the_page_shows_what_is_printed(command: str, shown: str) -> None:
    assert printed(command, ROOT / "examples" / "crd") == shown
