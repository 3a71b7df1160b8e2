"""What is wrong with an expression, and where. Owns the shape in which people see it; knows nothing of grammar or types.

The wording and the picture follow cel-go (common/error.go), because the API server prints them and people search for them.
"""

from typing import NamedTuple

# cel-go renders no line longer than this (common/error.go, maxSnippetLength).
SNIPPET_LENGTH_MAX = 16384


class Issue(NamedTuple):
    """One error: `at` is the offset in code points into the expression, -1 when it concerns the whole."""

    at: int
    message: str


class Problem(NamedTuple):
    """An expression that does not compile: its text and every issue, in the order of the text."""

    text: str
    issues: tuple[Issue, ...]

    def __str__(self) -> str:
        """Each issue with its line and a caret below the place, as the API server shows it."""
        return "\n".join(_picture(self.text, issue) for issue in sorted(self.issues, key=lambda issue: issue.at))


def _picture(text: str, issue: Issue) -> str:
    if issue.at < 0:
        return f"ERROR: <input>:-1:0: {issue.message}"
    before = text[: issue.at]
    line = before.count("\n")
    column = issue.at - (before.rfind("\n") + 1)
    head = f"ERROR: <input>:{line + 1}:{column + 1}: {issue.message}"
    snippet = text.split("\n")[line].replace("\t", " ")
    if len(snippet) > SNIPPET_LENGTH_MAX:
        return head
    # Full-width signs under wide characters keep the caret below its place.
    dots = "".join("\uff0e" if ord(sign) > 127 else "." for sign in snippet[:column])
    caret = "\uff3e" if column < len(snippet) and ord(snippet[column]) > 127 else "^"
    return f"{head}\n | {snippet}\n | {dots}{caret}"
