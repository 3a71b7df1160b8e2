"""Emitters: from routes and their layout to Kubernetes objects. One file each, one line here."""

from underway.ingress.emitters import standard
from underway.ingress.emitters.emitter import Emitter

EMITTERS: tuple[Emitter, ...] = (standard.EMITTER,)
