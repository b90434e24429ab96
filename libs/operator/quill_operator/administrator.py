"""Who may sign in first: given by the environment, or made once for the demo."""

from dataclasses import dataclass

from quill_operator.secret_files import password
from quill_operator.settings import OperatorSettings


@dataclass(frozen=True)
class Administrator:
    """The first superadmin."""

    username: str
    email: str
    password: str

    def environment(self) -> dict[str, str]:
        return {
            "QUILL_ADMIN_USERNAME": self.username,
            "QUILL_ADMIN_EMAIL": self.email,
            "QUILL_ADMIN_PASSWORD": self.password,
        }


def administrator(settings: OperatorSettings) -> Administrator | None:
    """The administrator to be made if there is none yet, or None when nobody was named and there is no demo."""
    if not settings.admin_password and settings.demo == "off":
        return None
    name = settings.admin_username or "admin"
    secret = settings.admin_password or password(settings.folder, "admin")
    return Administrator(name, settings.admin_email or f"{name}@quill.example", secret)
