"""Why a mail was not handed over. `reason` names a kind or a status and repeats nothing that a server said."""


class NotDelivered(Exception):
    """Not now; worth another try."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(NotDelivered):
    """Never: the same mail would be refused again."""
