"""Conversions tried with objects drawn from the schemas: what is lost, changed, refused or stale, as small counterexamples.

Owns the drawing (`draw`), the laws (`laws`), the shrinking (`shrink`) and the run (`run`). Pure: the dice are an argument, and
the same seed draws the same objects in any process. Hypothesis would do all this too, at a fiftieth of the speed and with
schemas of another dialect (nullable, int-or-string, preserved fields, list types).
"""

from underway.crd.fuzz.run import Counterexample, Fuzz, Report
from underway.crd.fuzz.scalars import EDGES

__all__ = ["EDGES", "Counterexample", "Fuzz", "Report"]
