"""The report of a run as one HTML file: figures, the timeline of the nodes, evictions, latency. No script, no network.

Owns the drawing. It takes plain values; it knows neither the world nor the driver.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

WIDTH = 1000
ROW = 14
COLOURS = {
    "Surging": "#8ecae6",
    "Cordoned": "#ffd166",
    "Draining": "#f78c6b",
    "Detaching": "#cdb4db",
    "Terminating": "#8d99ae",
    "Quarantined": "#d62828",
    "released": "#e9ecef",
}


class Span(msgspec.Struct, frozen=True):
    """One phase of one node. Seconds since the beginning."""

    node: str
    phase: str
    from_s: float
    to_s: float


class Page(msgspec.Struct, frozen=True):
    """What the page shows. figures: name, value, remark; marks: (second, kind, text); latency: (second, p50, p99) in ms;
    evictions: seconds; failed: seconds of failed requests."""

    title: str
    subtitle: str
    figures: tuple[tuple[str, str, str], ...]
    spans: tuple[Span, ...]
    marks: tuple[tuple[float, str, str], ...]
    evictions: tuple[float, ...]
    failed: tuple[float, ...]
    latency: tuple[tuple[float, float, float], ...]
    end_s: float
    violations: tuple[str, ...] = ()


def spans_of(phases: Sequence[tuple[float, str, str]], end_s: float) -> tuple[Span, ...]:
    """The phases as spans. phases: (second, node, phase) in order."""
    open_: dict[str, tuple[float, str]] = {}
    spans = []
    for at_s, node, phase in phases:
        if node in open_:
            since_s, before = open_.pop(node)
            spans.append(Span(node, before, since_s, at_s))
        if phase in COLOURS and phase != "released":
            open_[node] = (at_s, phase)
    spans += [Span(node, phase, since_s, end_s) for node, (since_s, phase) in open_.items()]
    return tuple(spans)


def render(page: Page) -> str:
    """The HTML."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("underway.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    nodes = list(dict.fromkeys(span.node for span in sorted(page.spans, key=lambda span: (span.from_s, span.node))))
    scale = WIDTH / max(page.end_s, 1.0)
    drawing: dict[str, Any] = {
        "rows": [(node, index * ROW) for index, node in enumerate(nodes)],
        "bars": [
            (span.from_s * scale, nodes.index(span.node) * ROW + 2, (span.to_s - span.from_s) * scale, COLOURS[span.phase], span)
            for span in page.spans
        ],
        "height": len(nodes) * ROW,
        "ticks": [(second * scale, f"{second // 60} min") for second in range(0, int(page.end_s) + 1, _step(page.end_s))],
        "p50": _polyline([(at_s * scale, low) for at_s, low, _ in page.latency], _top(page)),
        "p99": _polyline([(at_s * scale, high) for at_s, _, high in page.latency], _top(page)),
        "top": _top(page),
        "scale": scale,
    }
    return environment.get_template("report.html").render(page=page, colours=COLOURS, width=WIDTH, **drawing)


def _step(end_s: float) -> int:
    """Whole minutes between ticks, about ten of them."""
    return max(60, round(end_s / 10 / 60) * 60)


def _top(page: Page) -> float:
    return max((high for _, _, high in page.latency), default=1.0) * 1.1


def _polyline(points: list[tuple[float, float]], top: float) -> str:
    return " ".join(f"{x:.1f},{100 - 100 * y / top:.1f}" for x, y in points)
