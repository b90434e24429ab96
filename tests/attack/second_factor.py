"""Somebody's second factor: the secret, the codes that it makes, and the paper with the recovery codes."""

import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pyotp
from quill_operator.visitor import Visitor
from system.ward import PASSWORD, Ward, account, good

_STEP_SECONDS = 30


@dataclass
class Device:
    """Its codes are of the step in which it was made (0) and of the next (1): both good for half a minute from then."""

    username: str
    visitor: Visitor
    secret: str
    made: int = field(default_factory=lambda: int(time.time()) // _STEP_SECONDS)
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, step: int) -> str:
        return pyotp.TOTP(self.secret).generate_otp(self.made + step)


async def pending(w: Ward) -> Device:
    """Somebody new who has set a factor up and not verified it."""
    _, name = await account(w.admin)
    visitor = await w.system.visitor(name, PASSWORD)
    uri = (await good(await visitor.call("POST", "/api/auth/totp/setup")))["provision_uri"]
    return Device(name, visitor, parse_qs(urlsplit(uri).query)["secret"][0])


async def enabled(w: Ward) -> Device:
    """Somebody new whose factor is on: code 0 is used, code 1 is not."""
    device = await pending(w)
    answer = await good(await device.visitor.call("POST", "/api/auth/totp/verify", {"code": device.code(0)}))
    device.recovery_codes = answer["recovery_codes"]
    return device
