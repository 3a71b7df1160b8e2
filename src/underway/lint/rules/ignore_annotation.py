"""An ignore annotation has expired, cannot be read, or names no rule.

## What it finds
Entries of `lint.underway.dev/ignore` that are not of the form `RULE: REASON until YYYY-MM-DD`, or whose day has passed.

## Why it matters
Such an entry silences nothing: whoever wrote it believes that it does, or meant to look again by now.

## Bad
```yaml
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    lint.underway.dev/ignore: "latest-tag: the mirror pins it until 2026-01-31"
```

## Good
```yaml
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    lint.underway.dev/ignore: "latest-tag: the mirror pins it until 2027-01-31"
```

## Fix
Renew it with another day, put right what it hides, or delete it.

## Since
0.2.

## References
- docs/lint.md, "Silence with a reason and an end"
"""

from collections.abc import Iterator

from underway.lint.decode import IGNORE
from underway.lint.finding import Found, Severity
from underway.lint.ignore import Malformed, entries
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for thing in picture.objects:
        text = thing.metadata.annotations.get(IGNORE, "")
        # Pods get it from their template, where their owner's line reports it.
        if not text or thing.metadata.controller is not None:
            continue
        for entry in entries(text):
            if isinstance(entry, Malformed):
                message = f"entry {entry.text!r} silences nothing: it {entry.why}"
            elif not entry.holds(options.now_ms):
                message = f"entry for {entry.rule} ended on {entry.until}: {entry.reason}"
            else:
                continue
            yield Found(
                about=thing,
                path=f"metadata.annotations[{IGNORE}]",
                value=text,
                message=message,
                remedy="renew it with another day, put right what it hides, or delete it",
            )


RULE = Rule(name="ignore-annotation", groups=("lint",), severity=Severity.INFO, kinds=(), run=run, page=__doc__)
