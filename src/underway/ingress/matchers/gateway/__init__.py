"""The Gateway API: which route of which listener of which Gateway answers.

`attachment` says which routes are attached to which listener, `table` in which order their matches are tried, `effects` what a
rule does with a request, and `view` puts them together. Source: sigs.k8s.io/gateway-api v1.6.1 apis/v1 and its conformance tests.
"""

from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.gateway.view import GatewayRouter
from underway.ingress.objects.manifests import Manifests

name = "gateway"


USUAL = Parameters()


def router(manifests: Manifests, parameters: Parameters = USUAL) -> GatewayRouter:
    """The matcher."""
    return GatewayRouter(manifests, parameters)
