"""Send what was posted: woken by the commits of this process, with a poll as the net for all others."""

import asyncio
from datetime import timedelta
from typing import Final

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.log import get_logger
from quill_common.mail import repository
from quill_common.mail.failures import NotDelivered, Undeliverable
from quill_common.mail.message import ToSend, UnusableMail, message_of, sender_address
from quill_common.mail.settings import MailSettings
from quill_common.waiting import wait_for

POLL_SECONDS: Final = 2.0
AT_ONCE: Final = 4  # one server that answers slowly to one mail must not hold up the others
LEASE: Final = timedelta(minutes=5)  # longer than a try can take (smtp.WHOLE_SECONDS), so no two send one mail at once
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)

MAILS = Counter("quill_mails_total", "Tries to hand a mail over", ("service", "outcome"))


class MailSender:
    """Takes mails out of one service's post. Any number of processes may: a mail is one sender's at a time."""

    def __init__(self, service: str, database: Database, settings: MailSettings) -> None:
        self._service = service
        self._database = database
        self._transport = settings.mail_transport()
        self._from = sender_address(settings.mail_sender)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._keep_sending())

    async def send_due(self) -> int:
        """Send what is due, one after the other; how many mails were tried."""
        tried = 0
        while not _told_to_stop() and await self._send_one():
            tried += 1
        return tried

    async def _keep_sending(self) -> None:
        while not _told_to_stop():
            self._woken.clear()
            try:
                await self.send_due()
            except (SQLAlchemyError, OSError, TimeoutError) as problem:
                get_logger().warning("mail waits", error=type(problem).__name__)
                await asyncio.sleep(POLL_SECONDS)
            if not _told_to_stop():
                await wait_for(self._woken, POLL_SECONDS)

    async def _send_one(self) -> bool:
        """Whether there was one. No transaction is open while the server is talked to."""
        async with self._database.statement() as writer:
            mail = await repository.take(writer, LEASE)
        if mail is None:
            return False
        if mail.too_late:  # nobody was there to try
            await self._not_sent(mail, "too late", for_good=True)
            return True
        try:
            await self._transport.send(message_of(mail, self._from))
        except UnusableMail:
            await self._not_sent(mail, "unusable address", for_good=True)
        except NotDelivered as problem:
            await self._not_sent(mail, problem.reason, for_good=isinstance(problem, Undeliverable))
        else:
            async with self._database.statement() as writer:
                await repository.sent(writer, mail)
            MAILS.labels(self._service, "sent").inc()
        return True

    async def _not_sent(self, mail: ToSend, reason: str, *, for_good: bool) -> None:
        async with self._database.statement() as writer:
            given_up = await repository.not_sent(writer, mail, reason, pause_after(mail.tries), for_good=for_good)
        if given_up is None:
            return
        MAILS.labels(self._service, "failed" if given_up else "put off").inc()
        log = get_logger().error if given_up else get_logger().warning
        log("mail given up" if given_up else "mail put off", mail=str(mail.id), tries=mail.tries, reason=reason)


def _told_to_stop() -> bool:
    """Whether this task was cancelled: what waits for a server's answer may swallow that when the answer comes too."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def pause_after(tries: int) -> timedelta:
    """How long to wait after the `tries`-th failed try: twice as long each time."""
    doubled: int = 2 ** min(tries - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
