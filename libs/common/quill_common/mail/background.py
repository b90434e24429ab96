"""What a service that sends mail gives to `create_service`: `background=[send_mail]`."""

from typing import TYPE_CHECKING

from quill_common.http.housekeeping import housekeeping
from quill_common.log import get_logger
from quill_common.mail.posting import SENDER_LOOP
from quill_common.mail.repository import forget_failed
from quill_common.mail.sender import MailSender

if TYPE_CHECKING:
    from quill_common.service import Parts


async def send_mail(parts: "Parts") -> None:
    """Send the service's mails until cancelled. Its settings are `MailSettings`."""
    sender = MailSender(parts.name, parts.database, parts.settings)
    if not (parts.settings.mails_leave or parts.settings.is_development):
        get_logger().warning("mails go into files and reach nobody: set QUILL_MAIL_URL")
    parts.units.wakes[SENDER_LOOP] = sender.wake
    await sender.run()


async def forget_failed_mails(parts: "Parts") -> None:
    """Delete, now and then, mails that were given up long ago."""
    await housekeeping(parts.database, forget_failed)
