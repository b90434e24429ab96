"""Mails as files, for development: one `.eml` each, whole or not there."""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self

from quill_common.mail.failures import NotDelivered

_POLICY = default.clone(utf8=True)


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A directory of mails. They hold links that let people in: nobody but the owner of the process reads them."""

    folder: Path

    @classmethod
    def at(cls, path: str) -> Self:
        """`path` is what follows `file:`, with or without `//`. Raises ValueError when it is empty."""
        path = path.removeprefix("//")
        if not path:
            raise ValueError("must name a directory, as file:/var/lib/quill/mail")
        return cls(Path(path).expanduser())

    async def send(self, message: EmailMessage) -> None:
        """Write the mail. One that is sent again replaces itself. Raises NotDelivered."""
        try:
            await asyncio.to_thread(self._write, self._name(message), message.as_bytes(policy=_POLICY))
        except OSError as problem:
            raise NotDelivered(type(problem).__name__) from problem

    def _name(self, message: EmailMessage) -> str:
        sent = parsedate_to_datetime(message["Date"])
        identity = str(message["Message-ID"]).strip("<>").partition("@")[0]
        return f"{sent:%Y%m%dT%H%M%S}-{identity}.eml"

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 0600; renamed when whole, so that no reader finds half of it.
        descriptor, unfinished = tempfile.mkstemp(prefix=".", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(unfinished, self.folder / name)
        except OSError:
            Path(unfinished).unlink(missing_ok=True)
            raise
