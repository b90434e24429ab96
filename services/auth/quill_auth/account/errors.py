"""How changes of accounts are refused."""

from quill_common.http.errors import BadRequest, Conflict, Forbidden, Unprocessable


class MissingFields(BadRequest):
    detail = "Missing fields"


class MissingRequiredFields(BadRequest):
    detail = "Missing required fields"


class PasswordTooShort(BadRequest):
    """At registration."""

    detail = "Password too short"


class PasswordTooShortFor(BadRequest):
    """Where an administrator sets it."""

    def __init__(self, minimum: int) -> None:
        super().__init__(f"Password must be at least {minimum} characters")


class UsernameTaken(BadRequest):
    detail = "Username already exists"


class EmailTaken(BadRequest):
    detail = "Email already exists"


class CredentialsRequired(Unprocessable):
    """Of who accepts an invitation and has no account."""

    detail = "username and password required for new registration"


class InvitedUsernameTaken(Conflict):
    detail = "Username already taken"


class UsernameRequired(BadRequest):
    detail = "Username is required"


class EmailRequired(BadRequest):
    detail = "Email is required"


class OrganisationNotFound(BadRequest):
    detail = "Organisation not found"


class GrantsAboveOwn(Forbidden):
    detail = "Cannot grant permissions above your own"


class AboveOwnLevel(Forbidden):
    detail = "Cannot change a user above your own level"


class OwnAccount(Conflict):
    detail = "Cannot deactivate your own account"


class LastSuperadmin(Conflict):
    detail = "At least one active superadmin must remain"
