"""Ingress versions and the Gateway API: versions, matchers, conversion, and the proof that two sides route alike."""
