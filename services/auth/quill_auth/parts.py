"""What auth is made of beside the parts that every service has."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from quill_common.identity.secret_keys import SecretKeys
from quill_common.identity.signing_keys import SigningKeys
from quill_common.identity.tokens import TokenSigner

from quill_auth.passwords.hashing import Passwords
from quill_auth.second_factor.sealing import TotpSecrets
from quill_auth.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthParts:
    """Made once per process, reached through `Auth`."""

    settings: Settings
    keys: SigningKeys
    signer: TokenSigner
    passwords: Passwords
    totp_secrets: TotpSecrets

    @classmethod
    def of(cls, settings: Settings, keys: SigningKeys) -> "AuthParts":
        passwords = Passwords(settings.password_threads, settings.password_queue)
        secrets = TotpSecrets(SecretKeys(settings.data_dir / "keys" / "auth" / "second-factor"))
        return cls(settings, keys, TokenSigner(keys), passwords, secrets)


async def _of(request: Request) -> AuthParts:  # async: FastAPI gives a plain function to a thread
    return cast(AuthParts, request.app.state.auth)


Auth = Annotated[AuthParts, Depends(_of)]
