"""Conversion over HTTPS: `underway crd serve` with two workers, asked by client processes on the same machine.

The clients are as cheap as they can be (blocking sockets, requests made before), but they use the same cores as the server:
with two cores, a figure here is what is left when both sides share them.
"""

import json
import multiprocessing
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.table import show

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 5.0
WORKERS = 2
MEASURED = ((500, 4), (50, 8), (1, 16), (1, 32))  # objects a review, clients


def device(number: int) -> dict[str, Any]:
    """A Device of the tutorial's size: five inputs and five outputs."""

    def values(name: str) -> list[dict[str, str]]:
        kinds = (("Integer", str(number)), ("Float", "1.5"), ("Boolean", "true"))
        return [{"name": f"{name}{i}", "type": kinds[i % 3][0], "value": kinds[i % 3][1]} for i in range(5)]

    return {
        "apiVersion": "things.underway.dev/v1alpha1",
        "kind": "Device",
        "metadata": {"name": f"device-{number}", "namespace": "deck-3", "uid": str(number), "labels": {"deck": "3"}},
        "spec": {"inputs": values("in")},
        "status": {"outputs": values("out")},
    }


def request(count: int) -> bytes:
    """A whole HTTP request with a review of so many objects."""
    review = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "ConversionReview",
        "request": {"uid": "1", "desiredAPIVersion": "things.underway.dev/v1", "objects": [device(i) for i in range(count)]},
    }
    body = json.dumps(review, separators=(",", ":")).encode()
    head = f"POST /convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def ask(port: int, authority: str, data: bytes, until_s: float, result: Any) -> None:
    """One client: one connection, one request after the other; the milliseconds that each took."""
    context = ssl.create_default_context(cafile=authority)
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        took: list[float] = []
        while time.monotonic() < until_s:
            begun = time.perf_counter()
            connection.sendall(data)
            answer = connection.recv(1 << 20)
            head, _, body = answer.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            left = length - len(body)
            while left > 0:
                part = connection.recv(min(left, 1 << 20))
                body, left = body if len(body) > 4096 else body + part, left - len(part)
            took.append((time.perf_counter() - begun) * 1000)
            if b'"Success"' not in body and length < 4096:
                raise RuntimeError(body[:300])
        result.put(took)


def measured(port: int, authority: str, count: int, clients: int) -> tuple[str, ...]:
    """A row of the table."""
    queue: Any = multiprocessing.Queue()
    until_s = time.monotonic() + SECONDS
    begun_s = time.monotonic()
    arguments = (port, authority, request(count), until_s, queue)
    running = [multiprocessing.Process(target=ask, args=arguments) for _ in range(clients)]
    for process in running:
        process.start()
    took = sorted(one for _ in running for one in queue.get(timeout=60))
    for process in running:
        process.join()
    spent_s = time.monotonic() - begun_s
    rate = len(took) / spent_s
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    return (str(count), str(clients), f"{rate:,.0f}", f"{rate * count:,.0f}", f"{p50:.1f}", f"{p99:.1f}")


def run() -> None:
    """Print the table."""
    module = ROOT / "examples" / "kot" / "conversions.py"
    command = [sys.executable, "-m", "underway", "crd", "serve", f"{module}:CONVERSIONS"]
    command += ["--port", "0", "--workers", str(WORKERS), "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            rows = [measured(ready["port"], ready["authority"], count, clients) for count, clients in MEASURED]
        finally:
            server.terminate()
    head = ("objects/review", "clients", "reviews/s", "objects/s", "p50 ms", "p99 ms")
    show(f"conversion over HTTPS, {WORKERS} workers, clients on the same {multiprocessing.cpu_count()} cores", head, rows)
