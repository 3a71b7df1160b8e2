"""The crew's controller: how many of three pumps a pressure needs. Run: python controller.py PRESSURE..."""

import sys

PUMPS = 3
LOW, HIGH = 5.0, 11.0  # below LOW the hull is safe without a pump, from HIGH on all of them run


def active_pumps(pressure: float) -> int:
    """How many pumps are to run: the same answer whatever was done before, so that a lost event loses nothing."""
    share = (pressure - LOW) / (HIGH - LOW)
    return min(PUMPS, max(0, round(share * PUMPS)))


if __name__ == "__main__":
    for text in sys.argv[1:]:
        print(f"{text}: {active_pumps(float(text))} of {PUMPS}")
