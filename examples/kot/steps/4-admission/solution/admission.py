"""Admission of Devices: what no rule of a schema can say. Try it: python admission.py REVIEW.json

underway crd serve --validate admission.py:judge
"""

import sys
from pathlib import Path

from underway.crd.review import AdmissionRequest, AdmissionReview, Allowed, Denied, Verdict, read_admission

ACTIVE = ({"name": "active", "type": "Boolean", "value": "true"}, {"name": "active", "boolean": True})  # v1alpha1, v1


def judge(request: AdmissionRequest) -> Verdict:
    """A device that is active may not be deleted."""
    if request.operation != "DELETE" or request.old_object is None:
        return Allowed()
    spec = request.old_object.get("spec") or {}
    if any(one in ACTIVE for one in spec.get("inputs") or ()):
        return Denied(f"{request.name} is active: set active to false before it is deleted")
    return Allowed()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        review = read_admission(Path(name).read_bytes())
        print(judge(review.request) if isinstance(review, AdmissionReview) else review.reason)
