"""The standard channel, and with --experimental the fields of the experimental one; no implementation's own policies."""

from underway.ingress.emitters.emitter import Emitter

EMITTER = Emitter("standard")
