"""How findings are written down: one file a format, one line in FORMATS.

Text for terminals and the HTML page need libraries that the pure half may not know: they are `cli.lint.text` and
`web.lint_page`.
"""

from underway.lint.report import clusterlint_json, junit, markdown, prometheus, sarif
from underway.lint.report.format import Format

FORMATS: tuple[Format, ...] = (
    sarif.FORMAT,
    junit.FORMAT,
    markdown.FORMAT,
    prometheus.FORMAT,
    clusterlint_json.FORMAT,
)
