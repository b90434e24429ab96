"""What runs beside the requests: reset links are made, and forgotten when they are over."""

from quill_common.http.housekeeping import housekeeping
from quill_common.service import Parts

from quill_auth.passwords.links import SENDER_LOOP, LinkSender
from quill_auth.passwords.repository import forget_links


async def send_reset_links(parts: Parts) -> None:
    sender = LinkSender(parts.units, parts.settings)
    parts.units.wakes[SENDER_LOOP] = sender.wake
    await sender.run()


async def forget_reset_links(parts: Parts) -> None:
    await housekeeping(parts.database, forget_links)
