"""Worker processes that nobody is left to end: after a SIGKILL of their parent, which can do nothing about them any more."""

import multiprocessing
import os
import signal
import threading


def end_with_parent(kill_s: float) -> None:
    """Have this process, a worker, told to end (SIGTERM) when its parent has ended, and killed `kill_s` seconds later.

    The parent's end of a pipe closes with it, whatever ended it. A thread waits for that, because the worker's own may be busy.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(kill_s)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
