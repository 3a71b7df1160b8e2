"""How long a hook's command sleeps, where it does nothing else."""

import pytest

from underway.model.hook import sleep_s


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (["sleep", "10"], 10),
        (["/bin/sleep", "2.5s"], 2.5),
        (["sh", "-c", "sleep 15"], 15),
        (["/bin/bash", "-c", " sleep  7 "], 7),
        (["sh", "-c", "flush; sleep 15"], None),
        (["sleep", "1m"], None),
        (["sleep", "infinity"], None),
        (["sh", "-c", "sleep $DELAY"], None),
        (["/app/drain"], None),
        ([], None),
    ],
)
def test_only_a_plain_sleep_is_known(command: list[str], seconds: float | None) -> None:
    assert sleep_s(command) == seconds
