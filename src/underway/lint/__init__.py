"""Lint: best practices, zero-downtime gotchas and upgrade readiness, as pure rules over a picture of a cluster.

As a library, in three lines:

    from underway.lint import lint, picture_of
    picture = picture_of(documents)   # plain objects: dicts, as json.load or a YAML reader returns them
    print([str(finding) for finding in lint(picture).findings])

Where things lie: `objects` what is decoded, `picture` the indexes, `rule` what a rule is, `rules` one file each, `engine` the
run, `selection` which rules run, `ignore` which findings are silenced, `report` one file a format. Nothing here reads a file,
a clock or a cluster.
"""

from underway.lint.engine import Report, lint
from underway.lint.picture import Picture, picture_of

__all__ = ["Picture", "Report", "lint", "picture_of"]
