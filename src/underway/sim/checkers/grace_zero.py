"""No pod is ever killed with a grace period of 0: at most one of a StatefulSet's ordinals may run at a time."""

from underway.kube import resource as r
from underway.kube.request import Request
from underway.sim.checkers.evidence import Checker


class GraceZero(Checker):
    """Reads the options of every eviction and deletion that is sent."""

    name = "grace-zero"

    def on_request(self, request: Request) -> None:
        """Look for a zero."""
        if request.resource != r.PODS or not isinstance(request.body, dict):
            return
        options = request.body.get("deleteOptions") or request.body
        if options.get("gracePeriodSeconds") == 0:
            self.fail(f"pod {request.namespace}/{request.name} was to be killed with grace period 0")
