"""Every function of the dialect. A library is one file, and one line in LIBRARIES.

The set is that of Kubernetes 1.36 for new expressions of CustomResourceDefinitions (apiserver pkg/cel/environment/base.go).
"""

from underway.cel.library import (
    conversions,
    formats,
    ip,
    lists,
    operators,
    optionals,
    quantity,
    regex,
    semver,
    sequences,
    sets,
    strings,
    times,
    urls,
)
from underway.cel.overload import Function

LIBRARIES: tuple[tuple[Function, ...], ...] = (
    operators.FUNCTIONS,
    conversions.FUNCTIONS,
    times.FUNCTIONS,
    strings.FUNCTIONS,
    optionals.FUNCTIONS,
    sequences.FUNCTIONS,
    lists.FUNCTIONS,
    sets.FUNCTIONS,
    regex.FUNCTIONS,
    urls.FUNCTIONS,
    quantity.FUNCTIONS,
    ip.FUNCTIONS,
    formats.FUNCTIONS,
    semver.FUNCTIONS,
)


def _merged() -> dict[str, Function]:
    """Functions by name; what several libraries declare (indexOf, isLessThan...) has the overloads of all."""
    found: dict[str, Function] = {}
    for one in (each for library in LIBRARIES for each in library):
        known = found.get(one.name)
        found[one.name] = one if known is None else known._replace(overloads=known.overloads + one.overloads)
    return found


FUNCTIONS = _merged()
