"""The webhooks' metrics, in Prometheus' format.

Owns their names, labels and buckets. Several worker processes count together where PROMETHEUS_MULTIPROC_DIR names a directory
(`web.serving` sets it before this module is imported).
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

# From a single object to the API server's limit of 30 s for a webhook (apiserver pkg/util/webhook/authentication.go).
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        # review: convert, validate or mutate; result: success, failure, unreadable, too_large, too_slow.
        labels = ("review", "result")
        self._reviews = Counter("underway_webhook_reviews", "Reviews answered.", labels, registry=registry)
        name, text = "underway_webhook_review_seconds", "Time from the first byte to the answer."
        self._seconds = Histogram(name, text, ("review",), buckets=SECONDS, registry=registry)
        name, labels = "underway_webhook_objects", ("source", "target")
        self._objects = Counter(name, "Objects given to be converted.", labels, registry=registry)
        name = "underway_webhook_objects_failed"
        self._bad = Counter(name, "Objects that could not be converted.", ("target",), registry=registry)

    def reviewed(self, review: str, result: str, seconds: float) -> None:
        """Count one review."""
        self._reviews.labels(review, result).inc()
        self._seconds.labels(review).observe(seconds)

    def converted(self, sources: dict[str, int], target: str, bad: int) -> None:
        """Count the objects of one review. sources: how many of each version were given."""
        for source, count in sources.items():
            self._objects.labels(source, target).inc(count)
        if bad:
            self._bad.labels(target).inc(bad)

    def text(self) -> tuple[bytes, str]:
        """What /metrics answers, and its content type."""
        registry = self._registry
        if MULTIPROCESS in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
