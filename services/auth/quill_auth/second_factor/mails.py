"""What Quill writes to people about their second factor (NIST SP 800-63B-4, 4.6)."""

from quill_common.mail.posting import Mail

from quill_auth.passwords.mails import NOT_YOU


def switched_on_mail(to: str) -> Mail:
    words = "Two-factor sign-in was switched on for your Quill account.\n\n" + NOT_YOU
    return Mail(to, "Two-factor sign-in was switched on", words)


def switched_off_mail(to: str) -> Mail:
    words = (
        "Two-factor sign-in was switched off for your Quill account. Your password alone signs you in.\n\n" + NOT_YOU
    )
    return Mail(to, "Two-factor sign-in was switched off", words)


def reset_mail(to: str) -> Mail:
    """When an operator did it."""
    words = (
        "An operator of Quill switched off two-factor sign-in for your account and ended all its sessions.\n"
        "Your password alone signs you in. You can set up two-factor sign-in again.\n\n" + NOT_YOU
    )
    return Mail(to, "Two-factor sign-in was reset", words)


def new_codes_mail(to: str) -> Mail:
    words = "New recovery codes were made for your Quill account. Those from before no longer work.\n\n" + NOT_YOU
    return Mail(to, "New recovery codes were made", words)


def code_used_mail(to: str, left: int) -> Mail:
    """`left`: how many codes were not used yet."""
    words = (
        "A recovery code was used to sign in to your Quill account.\n"
        f"Unused codes that are left: {left}. You can make new ones at any time.\n\n" + NOT_YOU
    )
    return Mail(to, "A recovery code was used", words)


def closed_mail(to: str) -> Mail:
    """Too many wrong codes in a row."""
    words = (
        "Somebody gave the right password of your Quill account many times, each time with a wrong two-factor code.\n"
        "Unless it was you, somebody knows your password. None of those codes let anybody in.\n\n"
        "No two-factor code is accepted now until you have a new password. To choose one, ask for it with\n"
        '"Forgot password" on the sign-in page.\n\n' + NOT_YOU
    )
    return Mail(to, "Somebody may know your Quill password", words)
