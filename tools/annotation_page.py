"""Draw docs/ingress-annotations.md from the table of ingress-nginx's annotations: python tools/annotation_page.py."""

from collections import Counter
from pathlib import Path

from underway.ingress.providers.ingress_nginx.keys import CONVERTED, KEYS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "ingress-annotations.md"
HEAD = """# What becomes of ingress-nginx's annotations
Drawn from `src/underway/ingress/providers/ingress_nginx/keys.py` by `python tools/annotation_page.py`; a test holds the two.

{total} keys: {counts}.
{converted} have a field. A key with no field on the emitter in use is told on stderr, with file and line. If it guards a route
(authentication, address lists, client certificates, snippets), the route answers 500 until that is settled, or `--open` is given.

- **standard**: a field of the standard channel of the Gateway API.
- **experimental**: a field of the experimental channel, with `--experimental`, or a policy.
- **vendor**: a policy of `--emitter envoy-gateway` or `--emitter nginx-gateway-fabric`.
- **obsolete**: there is nothing to do.
- **impossible**: no field has it; the page says why, and the nearest remedy.

| nginx.ingress.kubernetes.io/ | verdict | the field, or why there is none | remedy |
|---|---|---|---|
"""


def page() -> str:
    """The page."""
    counts = Counter(key.verdict for key in KEYS)
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    converted = sum(key.verdict in CONVERTED for key in KEYS)
    rows = (f"| {key.name} | {key.verdict} | {key.field} | {key.remedy} |\n" for key in KEYS)
    return HEAD.format(total=len(KEYS), counts=said, converted=converted) + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())
