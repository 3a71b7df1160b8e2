"""ingress-nginx as it really behaves, which is not what the Ingress specification says.

`annotations` reads the settings, `servers` builds server blocks and locations as the controller does, `locations` chooses among
them as nginx does, `view` answers. Source: kubernetes/ingress-nginx internal/ingress/controller (controller.go, location.go,
template/template.go), rootfs/etc/nginx (nginx.tmpl, lua/balancer.lua, lua/lua_ingress.lua).
"""

import msgspec

from underway.ingress.matchers.ingress_nginx.view import NginxRouter
from underway.ingress.objects.manifests import Manifests

name = "ingress-nginx"


class Parameters(msgspec.Struct, frozen=True):
    """None: the controller does one thing."""


NONE = Parameters()


def router(manifests: Manifests, _: Parameters = NONE) -> NginxRouter:
    """The matcher with the controller's default settings."""
    return NginxRouter(manifests)
