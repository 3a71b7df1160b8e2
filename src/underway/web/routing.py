"""The routing trees of two sides as one HTML file, with verdicts and the requests that differ. No script, no network.

Owns the drawing. What is drawn is made in `ingress.equivalence.picture`.
"""

from underway.ingress.equivalence.picture import Picture

KINDS = {"exact": "=", "elements": "prefix", "string": "string prefix", "regex": "regex"}


def render(picture: Picture) -> str:
    """The HTML."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("underway.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("routing.html").render(picture=picture, kinds=KINDS)
