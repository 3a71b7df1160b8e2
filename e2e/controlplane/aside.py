"""Work beside a test, for as long as it is in use as a context manager."""

import threading
from typing import Self

END_S = 60.0


class Aside(threading.Thread):
    """The base of such threads: `run` looks at `over` and ends when it is set."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join(END_S)
