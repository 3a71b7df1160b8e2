"""Which location of a server nginx takes for a path, and how it reads paths.

Source: nginx src/http/ngx_http_core_module.c (ngx_http_core_find_location, auto_redirect), ngx_http_parse.c
(ngx_http_parse_complex_uri); kubernetes/ingress-nginx template/template.go (buildLocation, enforceRegexModifier).
"""

from collections import Counter
from typing import Literal, NamedTuple
from urllib.parse import unquote

from underway.ingress.matchers.expressions import compiled
from underway.ingress.matchers.ingress_nginx.servers import Location
from underway.ingress.matchers.paths import PathTable
from underway.ingress.matchers.router import PathAtom


class Chosen(NamedTuple):
    """How a path is served: by a location, by a redirect to the same path with a slash, or not at all."""

    how: Literal["location", "slash", "nothing"]
    location: Location | None = None


def normalised(path: str) -> str:
    """The path as locations are compared with it: decoded, slashes merged, dots resolved (merge_slashes is on)."""
    text = unquote(path) if "%" in path else path
    if "//" not in text and "/." not in text:
        return text
    parts: list[str] = []
    for part in text.split("/")[1:]:
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    directory = text.endswith(("/", "/.", "/.."))
    return "/" + "/".join(parts) + ("/" if parts and directory else "")


class Locations:
    """The locations of one server. regex: one location rewrites or is an expression, so all are expressions."""

    def __init__(self, locations: list[Location]) -> None:
        self.all = locations
        self.regex = any(one.rewrites or one.settings.use_regex for one in locations)
        self._table: PathTable[Location] = PathTable()
        self._directories: dict[str, Location] = {}
        self.twice = self._twice()
        if self.regex:
            return
        for one in locations:
            self._table.add("exact" if one.path_type == "Exact" else "string", one.path, one)
            if one.path.endswith("/") and one.path != "/":
                self._directories.setdefault(one.path[:-1], one)

    def _twice(self) -> str:
        """The location that stands twice, which nginx refuses to load; expressions may."""
        named = Counter(f"{'= ' if one.path_type == 'Exact' else ''}{one.path}" for one in self.all)
        return "" if self.regex else next((name for name, count in named.items() if count > 1), "")

    def choose(self, path: str) -> Chosen:
        """The location for a normalised path. Raises NotDecidable where that hangs on an expression that is not run."""
        if self.regex:
            for one in self.all:
                if compiled(f"^{one.path}", ignore_case=True).search(path) is not None:
                    return Chosen("location", one)
            return Chosen("nothing")
        exact = self._table.exact.get(path)
        if exact:
            return Chosen("location", exact[0])
        prefix = next(self._table.by_string(path), None)
        if path in self._directories and not (prefix and prefix[0].path == path):
            return Chosen("slash", self._directories[path])
        return Chosen("location", prefix[0]) if prefix else Chosen("nothing")

    def atom(self, one: Location) -> PathAtom:
        """The predicate over paths of one location."""
        if self.regex:
            return PathAtom("regex", f"^{one.path}", True)
        return PathAtom("exact" if one.path_type == "Exact" else "string", one.path)

    def atoms(self) -> list[PathAtom]:
        """The predicates over paths."""
        return [self.atom(one) for one in self.all] + [PathAtom("exact", path) for path in self._directories]
