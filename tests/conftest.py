"""Settings that all tests share."""

from hypothesis import HealthCheck, settings

# The same examples in every run, and no clock: a loaded machine must not make a law fail.
settings.register_profile("underway", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("underway")
