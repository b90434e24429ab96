"""The auth service on one screen."""

from fastapi import FastAPI
from quill_common.http.housekeeping import housekeeping
from quill_common.identity.key_sources import KeySource
from quill_common.identity.signing_keys import SigningKeys
from quill_common.mail.background import forget_failed_mails, send_mail
from quill_common.service import Parts, create_service
from quill_common.settings import load

from quill_auth.account.first_superadmin import ensure_first_superadmin
from quill_auth.account.invited_routes import router as invited
from quill_auth.account.linking_routes import router as linking
from quill_auth.account.operator_routes import router as operator
from quill_auth.account.registration_routes import router as registration
from quill_auth.account.routes import router as users
from quill_auth.account.switching_routes import router as switching
from quill_auth.audit.routes import router as audit
from quill_auth.cbac.routes import router as cbac
from quill_auth.events import projection
from quill_auth.keys.operator_routes import router as keys_operator
from quill_auth.keys.rotation import keep_rotating
from quill_auth.keys.routes import router as keys_router
from quill_auth.open_sessions.admin_routes import router as sessions_of_others
from quill_auth.open_sessions.operator_routes import router as sessions_for_operators
from quill_auth.open_sessions.routes import router as own_sessions
from quill_auth.parts import AuthParts
from quill_auth.passwords.background import forget_reset_links, send_reset_links
from quill_auth.passwords.routes import router as passwords
from quill_auth.revocation.routes import router as revocation
from quill_auth.second_factor.operator_routes import router as second_factor_for_operators
from quill_auth.second_factor.routes import router as second_factor
from quill_auth.session.repository import forget_expired
from quill_auth.session.routes import router as session
from quill_auth.settings import Settings


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes.

    Signs with `keys` when they are signing keys, else with those in `<data dir>/keys/auth`.
    """
    settings = settings or load(Settings)
    signing = keys if isinstance(keys, SigningKeys) else SigningKeys(settings.data_dir / "keys" / "auth")
    auth = AuthParts.of(settings, signing)

    async def first_superadmin(parts: Parts) -> None:
        await ensure_first_superadmin(parts.units, auth)

    async def forget_expired_sessions(parts: Parts) -> None:
        await housekeeping(parts.database, forget_expired)

    async def rotate_keys(parts: Parts) -> None:
        await keep_rotating(auth, parts.audit)

    app = create_service(
        "auth",
        settings,
        [
            session,
            passwords,
            second_factor,
            registration,
            users,
            linking,
            invited,
            cbac,
            audit,
            keys_router,
            revocation,
            operator,
            keys_operator,
            own_sessions,
            switching,
            sessions_of_others,
            sessions_for_operators,
            second_factor_for_operators,
        ],
        projection=projection(),
        keys=signing,
        on_start=[first_superadmin],
        background=[
            forget_expired_sessions,
            rotate_keys,
            send_reset_links,
            forget_reset_links,
            send_mail,
            forget_failed_mails,
        ],
        isolated=isolated,
    )
    app.state.auth = auth
    return app
