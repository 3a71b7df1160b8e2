"""Writes docs/rules/ from the docstrings of the rules: a page a rule, and an index. `--check` says whether they are stale.

python tools/rule_pages.py
"""

import sys
from pathlib import Path

from underway.lint.rule import Rule
from underway.lint.rules import RULES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "rules"


def page(rule: Rule) -> str:
    """The page of one rule."""
    groups = ", ".join(f"`{group}`" for group in rule.groups) or "none"
    facts = f"{rule.severity.value.capitalize()} by default. Groups: {groups}."
    thresholds = "".join(f"- `--set {rule.name}.{name}={value:g}`\n" for name, value in rule.thresholds.items())
    options = f"\n## Thresholds\n{thresholds}" if thresholds else ""
    heading, _, rest = rule.page.strip().partition("\n")
    return f"# {rule.name}\n{heading}\n\n{facts}\n{rest.rstrip()}\n{options}"


def index() -> str:
    """The list of all rules."""
    lines = ["# Rules", "", "Written by `tools/rule_pages.py`; each page is its rule's docstring.", ""]
    lines += ["| rule | severity | groups | what it finds |", "|---|---|---|---|"]
    for rule in sorted(RULES, key=lambda rule: rule.name):
        link = f"[{rule.name}]({rule.name}.md)"
        lines.append(f"| {link} | {rule.severity.value} | {' '.join(rule.groups)} | {rule.description.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Every file of the folder, by name."""
    return {"README.md": index(), **{f"{rule.name}.md": page(rule) for rule in RULES}}


def stale() -> list[str]:
    """The names of files that are missing, too many, or not as the docstrings say."""
    wanted = pages()
    there = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main() -> int:
    """Write, or check."""
    if "--check" in sys.argv:
        print("\n".join(stale()) or "docs/rules is up to date")
        return int(bool(stale()))
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
