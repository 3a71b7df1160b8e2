"""What a rule looks at is read for it: each kind it asks the picture for is among those that it declares."""

from typing import Any

import pytest
import yaml

from underway.cli.lint.sources import kinds_of
from underway.lint.objects.kinds import KINDS
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture, picture_of
from underway.lint.rule import Options, Rule
from underway.lint.rules import RULES
from underway.model.version import Version

NOW_MS = 1_790_000_000_000  # September 2026, as the pages of rules are tried


class Watched(Picture):
    """A picture that writes down which kinds it is asked for."""

    asked: set[str]

    def of(self, type_: type[Any]) -> tuple[Any, ...]:
        self.asked |= {kind.name for kind in KINDS.values() if issubclass(kind.type, type_)}
        return super().of(type_)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        if kind in KINDS:
            self.asked.add(kind)
        return super().get(kind, namespace, name)


def everything() -> list[Object]:
    """All objects of all pages of rules."""
    found: list[Object] = []
    for rule in RULES:
        for heading in ("Bad", "Good"):
            text = rule.sections[heading].partition("```yaml")[2].partition("```")[0]
            found += picture_of(document for document in yaml.safe_load_all(text) if document).objects
    return found


OBJECTS = everything()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_read_what_it_looks_at(rule: Rule) -> None:
    picture = Watched(OBJECTS)
    picture.asked = set()
    list(rule.run(picture, Options(now_ms=NOW_MS, target=Version(1, 37))))
    shared = {"ServiceAccount"} if rule.name in ("unused-pvc", "unused-config-map") else set()  # one index for all that is used
    assert picture.asked - shared <= kinds_of((rule,))
