"""The verdict and how answers are shown: as data for scripts, as words for people."""

from typing import Any

from underway.ingress.matchers.answer import Answer, Backend


def shown_answer(answer: Answer) -> dict[str, Any]:
    """An answer as data. backend: one object, or a list where the answer is shared by weight; null without any."""
    backends = [shown_backend(one) for one in answer.backends if one.weight > 0]
    sees = {"path": answer.path, "host": answer.host, "headers": [" ".join(change) for change in answer.headers]}
    return {
        "answer": answer.answer,
        "status": answer.status or None,
        "backend": backends[0] if len(backends) == 1 else backends or None,
        "rule": answer.rule,
        "location": answer.location or None,
        "sees": {key: value for key, value in sees.items() if value},
        "attributes": [f"{name}: {value}" for name, value in (*answer.attributes, *answer.opaque)],
    }


def shown_backend(backend: Backend) -> dict[str, Any]:
    """A backend as data."""
    if backend.status:
        return {"status": backend.status, "weight": backend.weight}
    return {"namespace": backend.namespace, "name": backend.name, "port": backend.port, "weight": backend.weight}


def in_words(shown: dict[str, Any]) -> str:
    """An answer as one line."""
    if shown["answer"] == "redirect":
        return f"redirect {shown['status']} to {shown['location']}"
    if shown["answer"] == "none":
        return f"no backend: status {shown['status']}"
    backends = shown["backend"] if isinstance(shown["backend"], list) else [shown["backend"]]
    named = [
        (f"status {one['status']}" if "status" in one else f"{one['namespace']}/{one['name']}:{one['port']}")
        + (f" weight {one['weight']}" if len(backends) > 1 else "")
        for one in backends
    ]
    seen = [f"{key} {value if isinstance(value, str) else ', '.join(value)}" for key, value in shown["sees"].items()]
    return " + ".join(named) + (f", which sees {'; '.join(seen)}" if seen else "")
