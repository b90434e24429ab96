"""Put a mail into the post."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Interval, bindparam, func, insert

from quill_common.events.unit_of_work import UnitOfWork
from quill_common.mail.tables import OutgoingMail

WORTH_SENDING_FOR: Final = timedelta(hours=24)
SENDER_LOOP: Final = "mail"

_POST = insert(OutgoingMail).values(
    give_up_at=func.clock_timestamp() + bindparam("worth_sending_for", type_=Interval())
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text to one address. After `worth_sending_for` nobody tries to send it any more."""

    to: str
    subject: str
    text: str
    worth_sending_for: timedelta = WORTH_SENDING_FOR


async def post(unit: UnitOfWork, mail: Mail) -> None:
    """Have `mail` sent once the transaction is committed. An address that is none fails when it is sent, not here."""
    values = {
        "id": uuid.uuid4(),
        "recipient": mail.to,
        "subject": mail.subject,
        "body": mail.text,
        "worth_sending_for": mail.worth_sending_for,
    }
    await unit.execute(_POST, values)
    unit.wake_after_commit(SENDER_LOOP)
