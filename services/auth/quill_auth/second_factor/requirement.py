"""Who must have a second factor."""

from quill_auth.settings import Settings


def must_set_up(settings: Settings, level: str, has_factor: bool) -> bool:
    """Whether an account may do nothing but get a second factor. Decided with every access token that is made."""
    return not has_factor and level in settings.second_factor_levels
