"""Finds nothing: for trying out that rules run.

## What it finds
Nothing.

## Why it matters
It does not. It is there because clusterlint has it, and to see that a selection runs.

## Bad
```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
```

## Good
```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
```

## Fix
Nothing to fix.

## Since
clusterlint's `noop`, unchanged.

## References
- <https://github.com/digitalocean/clusterlint>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(_picture: Picture, _options: Options) -> Iterator[Found]:
    """See the module."""
    return iter(())


RULE = Rule(name="noop", groups=(), severity=Severity.WARNING, kinds=(), run=run, page=__doc__)
