"""What a provider cannot do, and whether asking again may help: raised inside of a provider, a reply outside of it."""


class Refusal(Exception):
    """A backend, or the state of something in it, forbids it. retryable: whether asking again later can help."""

    def __init__(self, why: str, *, retryable: bool) -> None:
        super().__init__(why)
        self.retryable = retryable
