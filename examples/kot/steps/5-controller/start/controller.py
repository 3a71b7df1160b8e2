"""The crew's controller: how many of three pumps a pressure needs. Run: python controller.py PRESSURE..."""

import sys

PUMPS = 3
LOW, HIGH = 5.0, 11.0  # below LOW the hull is safe without a pump, from HIGH on all of them run


def active_pumps(pressure: float) -> int:
    """How many pumps are to run."""
    raise NotImplementedError(f"what does a pressure of {pressure} need?")


if __name__ == "__main__":
    for text in sys.argv[1:]:
        print(f"{text}: {active_pumps(float(text))} of {PUMPS}")
