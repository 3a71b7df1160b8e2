"""A call to an ASGI application without a server."""

import asyncio
import json
from typing import Any


class Answer:
    """What came back."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.code = messages[0]["status"]
        self.headers = dict(messages[0]["headers"])
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def call(
    application: Any, method: str, path: str, *chunks: bytes, headers: dict[str, str] | None = None, stalls: bool = False
) -> Answer:
    """Call it. chunks: the body in pieces; stalls: the last piece never comes."""

    async def run() -> Answer:
        left = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if not stalls:
            left.append({"type": "http.request", "body": b"", "more_body": False})
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if left:
                return left.pop(0)
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        encoded = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await application({"type": "http", "method": method, "path": path, "headers": encoded}, receive, send)
        return Answer(sent)

    return asyncio.run(run())
