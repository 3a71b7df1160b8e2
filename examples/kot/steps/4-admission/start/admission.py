"""Admission of Devices: what no rule of a schema can say. Try it: python admission.py REVIEW.json

underway crd serve --validate admission.py:judge
"""

import sys
from pathlib import Path

from underway.crd.review import AdmissionRequest, AdmissionReview, Allowed, Verdict, read_admission


def judge(request: AdmissionRequest) -> Verdict:  # noqa: ARG001  the reader will look at it
    """A device that is active may not be deleted."""
    return Allowed()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        review = read_admission(Path(name).read_bytes())
        print(judge(review.request) if isinstance(review, AdmissionReview) else review.reason)
