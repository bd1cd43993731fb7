"""Raised by a page whose answer lies at another address."""


class Moved(Exception):  # noqa: N818  it is no error
    """The visitor is sent to another page of this server."""

    def __init__(self, to: str, *, for_good: bool = False) -> None:
        super().__init__(to)
        self.to = to
        self.for_good = for_good
