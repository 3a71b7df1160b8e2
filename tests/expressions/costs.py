"""Rules whose cost matters: the static estimate of schemas without limits, and what evaluations really cost."""

from typing import Any, NamedTuple

# Each of these costs too much on a schema that bounds nothing.
UNBOUNDED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "text": (
        {"type": "string"},
        (
            "self.matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
            "self.contains('abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz')",
            "self.split(',').all(x, x.size() > 0)",
            "self.find('[a-z]+[0-9]+[a-z]+[0-9]+[a-z]+[0-9]+[a-z]+[0-9]+[a-z]+[0-9]+') == ''",
            "self.replace('', 'x').size() > 1 && self.replace('', 'xyz').matches('^.{1,9}$')",
            "self.lowerAscii().upperAscii().trim().matches('a+b+c+d+e+f+g+h+i+j+k+l+m+n')",
            "self.split('').map(x, x + x).all(x, x.size() == 2)",
            "(self + self).matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
            "format.dns1123Label().validate(self).hasValue()",
            "self.findAll('[a-z]+').exists(x, x == self)",
            "(self.size() > 3 ? self : self + self).matches('[a-z][a-z][a-z][a-z][a-z][a-z]')",
            "['%s'.format([self]), self].all(x, x.matches('[a-z]'))",
            "strings.quote(self).matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
            "bytes(self).size() > 3 && string(bytes(self)).matches('[a-z0-9]+(-[a-z0-9]+)*$')",
            "optional.of(self).optMap(x, x.matches('^[a-z0-9]+(-[a-z0-9]+)*$')).orValue(true)",
        ),
    ),
    "short": (
        {"type": "string", "maxLength": 2000},
        (
            "self.split('').all(x, self.split('').all(y, x == y))",
            "self.split('').all(x, self.contains(x))",
            "self.split('').map(x, self + x).all(y, y.size() > 1)",
            "self.split('').exists_one(x, self.find(x) == x)",
            "self.split('').all(i, x, self.split('').exists(j, y, i == j && x == y))",
            "self.split('').distinct().sort().reverse().size() > 1",
            "[self].sortBy(x, x).all(x, x.matches('a'))",
            "self.split('').map(x, x).join(',').matches('^[a-z](,[a-z])*$')",
        ),
    ),
    "list": (
        {"type": "array", "items": {"type": "string"}},
        (
            "self.all(x, x == 'a')",
            "self.exists(x, x.startsWith('a'))",
            "self.exists_one(x, x == 'a')",
            "self.map(x, x + 'a').size() > 1",
            "self.filter(x, x.endsWith('a')).size() > 1",
            "self.isSorted()",
            "self.max() == 'a'",
            "self.indexOf('a') == 1",
            "self.join(',') == 'a'",
            "self.all(x, self.exists_one(y, x == y))",
            "sets.contains(self, ['a'])",
            "sets.equivalent(self, self)",
            "self.distinct().size() == self.size()",
            "self.sort() == self",
            "self.sortBy(x, x.size()) == self",
            "self.reverse() == self",
            "self.slice(0, 5000000).size() == 1",
            "'a' in self",
            "(self + self).all(x, x != '')",
            "self == self",
            "self.transformMap(i, x, x).all(k, v, k > 0 && v != '')",
            "self.transformList(i, x, x.size() + i).sum() > 1",
            "self[0].matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
            "self.first().orValue('a').matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
            "self.map(x, [x, x]).flatten().all(y, y != '')",
        ),
    ),
    "ints": (
        {"type": "array", "items": {"type": "integer"}},
        (
            "self.all(x, x > 0)",
            "self.sum() > 1",
            "self.all(x, self.all(y, x != y || x > 0))",
            "self.map(x, x * 2).filter(x, x > 2).map(x, string(x)).all(x, x != '')",
            "self.exists(i, x, i == x)",
            "self.sort().isSorted()",
            "lists.range(self[0]).all(x, x > 0)",
            "self.all(x, has(dyn({'a': x}).a))",
        ),
    ),
    "map": (
        {"type": "object", "additionalProperties": {"type": "string"}},
        (
            "self.all(k, self[k] == 'a')",
            "self.all(k, v, k != v)",
            "self.exists(k, k.startsWith('a'))",
            "self.map(k, self[k].size()).sum() > 1",
            "self.transformMap(k, v, v + k).all(k, v, v.matches('^[a-z0-9]+'))",
            "self == self",
            "'a' in self && self['a'].matches('^[a-z0-9]+(-[a-z0-9]+)*$')",
        ),
    ),
    "objects": (
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "port": {"x-kubernetes-int-or-string": True},
                    "when": {"type": "string", "format": "date-time"},
                    "raw": {"type": "string", "format": "byte"},
                    "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "bb"]}},
                },
            },
        },
        (
            "self.all(x, x.name != '')",
            "self.all(x, has(x.tags) && x.tags.all(t, t == 'a'))",
            "self.all(x, !has(x.port) || x.port == '80')",
            "self.all(x, x.when > timestamp('2026-01-01T00:00:00Z'))",
            "self.all(x, x.raw == b'a')",
            "self.map(x, x.name).all(n, n.matches('a'))",
            "self.all(x, x.?name.orValue('') != '')",
            "self.exists_one(x, x.name == self[0].name)",
        ),
    ),
}


def schema() -> dict[str, Any]:
    """All of them as the rules of one schema."""
    properties = {
        name: {**of, "x-kubernetes-validations": [{"rule": text} for text in texts]} for name, (of, texts) in UNBOUNDED.items()
    }
    return {"type": "object", "properties": properties}


class Loop(NamedTuple):
    """A rule over a list of such elements, never true; the least number of elements at which it costs more than it may."""

    items: dict[str, Any]
    rule: str
    elements: int

    def schema(self) -> dict[str, Any]:
        """A list with that rule."""
        rules = [{"rule": self.rule, "message": "no"}]
        return {"type": "array", "maxItems": self.elements, "items": self.items, "x-kubernetes-validations": rules}

    def value(self, count: int) -> list[Any]:
        """A list of so many elements."""
        if self.items["type"] == "integer":
            return list(range(count))
        words = [f"w{number}" for number in range(count)]
        return words if self.items["type"] == "string" else [{"name": word, "n": number} for number, word in enumerate(words)]


_STRING = {"type": "string", "maxLength": 8}
_INT = {"type": "integer"}
_OBJECT = {"type": "object", "properties": {"name": _STRING, "n": _INT}}

LOOPS: dict[str, Loop] = {
    "all": Loop(_INT, "self.exists(z, !self.all(x, x >= 0))", 447),
    "exists": Loop(_STRING, "self.exists(z, self.exists(x, x == 'zz'))", 408),
    "one": Loop(_STRING, "self.exists(z, self.exists_one(x, x == 'zz'))", 706),
    "mapped": Loop(_STRING, "self.exists(z, self.map(x, x + '!').size() == 1)", 267),
    "filtered": Loop(_INT, "self.exists(z, self.filter(x, x > 100).size() == 1)", 306),
    "pairs": Loop(_INT, "self.exists(z, self.transformMap(i, x, x > 100, i + x).size() == 1)", 393),
    "fields": Loop(_OBJECT, "self.exists(z, self.exists(x, has(x.n) && x.n < 0))", 354),
    "sorted": Loop(_STRING, "self.isSorted() || self.sort().size() == 1", 691),
    "chosen": Loop(_INT, "self.exists(z, !self.all(x, (x > 200 ? x : x + 1) >= 0))", 376),
    "indexed": Loop(_INT, "self.exists(z, !self.all(i, x, self[i] == x && self[x] == i))", 302),
    "strings": Loop(
        _STRING, "self.exists(z, !self.all(x, x.matches('^w.*$') && x.startsWith('w') && x.split('').size() > 1))", 289
    ),
    "optional": Loop(_INT, "self.exists(z, !self.all(i, x, self[?i].optMap(y, y + 1).orValue(0) > 0))", 278),
    "literal": Loop(_INT, "self.exists(z, !self.all(x, [x, 1].size() == 2 && {'a': x}.a == x && x in [1, 2, x]))", 124),
}


def loops() -> dict[str, Any]:
    """All of them in one schema."""
    return {"type": "object", "properties": {name: loop.schema() for name, loop in LOOPS.items()}}
