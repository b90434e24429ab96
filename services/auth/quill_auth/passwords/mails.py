"""What Quill writes to people about their passwords and addresses."""

from datetime import timedelta
from typing import Final

from quill_common.mail.posting import Mail

from quill_auth.settings import Settings

NOT_YOU: Final = "If you did not expect this, tell the administrators of your organisation at once.\n"


def reset_mail(settings: Settings, to: str, token: str) -> Mail:
    """The link, for as long as it works."""
    minutes = settings.password_reset_ttl_min
    link = settings.frontend_page(f"/reset-password?token={token}")
    words = (
        "Somebody asked for a new password for your Quill account.\n\n"
        f"To choose one, open this link within {minutes} minutes:\n\n{link}\n\n"
        "It works once. If it was not you who asked, there is nothing to do: your password stays as it is.\n"
    )
    return Mail(to, "Reset your Quill password", words, worth_sending_for=timedelta(minutes=minutes))


def password_changed_mail(to: str) -> Mail:
    """A notice after any change of the password."""
    words = (
        "The password of your Quill account was changed, and all other sign-ins of the account were ended.\n\n"
        + NOT_YOU
    )
    return Mail(to, "Your Quill password was changed", words)


def address_changed_mail(old: str) -> Mail:
    """A notice to the address that the account had."""
    words = (
        "An administrator changed the e-mail address of your Quill account.\n"
        "This is the last message to the address that it had before.\n\n" + NOT_YOU
    )
    return Mail(old, "The e-mail address of your Quill account was changed", words)
