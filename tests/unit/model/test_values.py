"""Quantities, versions, durations, selectors, timestamps: read as Kubernetes reads them."""

import pytest

from underway.model import duration, quantity, selector, selector_text, timestamp, version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500m", 500),
        ("2", 2_000),
        (1.5, 1_500),
        ("1Ki", 1_024_000),
        ("1.5Gi", 1_610_612_736_000),
        ("1e3", 1_000_000),
        ("1n", 1),
        ("0", 0),
    ],
)
def test_quantities(text: str | float, expected: int) -> None:
    assert quantity.milli(text) == expected


def test_a_bad_quantity_says_how_to_write_one() -> None:
    with pytest.raises(ValueError, match="'ten' is not a quantity; write a number with a suffix"):
        quantity.milli("ten")


def test_versions_are_ordered_by_number() -> None:
    assert version.parse("v1.9.0") < version.parse("1.10") < version.parse("v1.36.4-eks-99")
    assert str(version.parse("1.37")) == "v1.37.0"
    with pytest.raises(ValueError, match="is not a version"):
        version.parse("latest")


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("30m", 1_800), ("1h30m", 5_400), ("500ms", 0.5), ("0", 0)])
def test_durations(text: str, expected: float) -> None:
    assert duration.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "-5s", "5 s", "1d"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration.seconds(text)


@pytest.mark.parametrize(("total_s", "text"), [(12, "12s"), (250, "4m10s"), (3_720, "1h02m")])
def test_durations_for_people(total_s: float, text: str) -> None:
    assert duration.human(total_s) == text


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("app=web", {"app": "web"}, True),
        ("app!=web", {}, True),
        ("app in (web, api),tier", {"app": "api", "tier": "x"}, True),
        ("app notin (web)", {"app": "web"}, False),
        ("!canary", {"canary": "1"}, False),
        ("", {}, True),
    ],
)
def test_selectors(text: str, labels: dict[str, str], expected: bool) -> None:
    assert selector.matches(selector_text.parse(text), labels) is expected


def test_selector_errors() -> None:
    with pytest.raises(ValueError, match="found '=', expected: ',' or 'end of string'"):
        selector_text.parse("a=b=c")


def test_timestamps_round_trip() -> None:
    at_ms = timestamp.parse("2026-01-05T09:00:00.25Z")
    assert timestamp.format_ms(at_ms) == "2026-01-05T09:00:00Z"
    assert timestamp.parse(timestamp.format_micro(at_ms)) == at_ms
