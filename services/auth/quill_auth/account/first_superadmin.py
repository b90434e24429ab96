"""The first superadmin, from `QUILL_ADMIN_*`, when the service starts and there is none."""

from quill_common.audit.entry import Who
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger

from quill_auth.account import repository
from quill_auth.account.creating import NewAccount, open_account
from quill_auth.account.errors import EmailTaken, UsernameTaken
from quill_auth.parts import AuthParts


async def ensure_first_superadmin(units: UnitsOfWork, auth: AuthParts) -> None:
    """Create the account, unless there is a superadmin or nothing was configured. Harmless to run twice at once."""
    settings = auth.settings
    if not (settings.admin_username and settings.admin_email and settings.admin_password):
        return
    try:
        async with units.open(who=lambda: Who(actor_service="auth")) as unit:
            await repository.lock_superadmins(unit)
            if await repository.any_superadmin(unit):
                return
            new = NewAccount(
                username=settings.admin_username,
                email=settings.admin_email,
                password_hash=await auth.passwords.hash(settings.admin_password.get_secret_value()),
                system_permissions="superadmin",
                base_profession="system_administrator",
            )
            user_id = await open_account(unit, new, ("System Administrator",))
    except (UsernameTaken, EmailTaken) as taken:
        get_logger().error("no superadmin", reason=f"QUILL_ADMIN_*: {taken.detail}")
        return
    get_logger().info("first superadmin created", user_id=user_id)
