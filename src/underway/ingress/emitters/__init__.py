"""Emitters: from routes and their layout to Kubernetes objects. One file each, one line here."""

from underway.ingress.emitters import envoy_gateway, nginx_gateway_fabric, standard
from underway.ingress.emitters.emitter import Emitter

EMITTERS: tuple[Emitter, ...] = (standard.EMITTER, envoy_gateway.EMITTER, nginx_gateway_fabric.EMITTER)
