"""Limits as settings write them: `5 per 1 minute`, `5/minute`, or `off`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

from limits import RateLimitItem, parse_many
from pydantic import AfterValidator

if TYPE_CHECKING:
    from quill_common.settings import ServiceSettings

HIGHEST: Final = 999_999
_OFF: Final = "off"
_PREFIX: Final = "limit_"


def parse(text: str) -> RateLimitItem | None:
    """The limit that `text` says, None for `off`. Raises ValueError with an advice."""
    if text.strip().lower() == _OFF:
        return None
    try:
        found = parse_many(text.strip())
    except ValueError:
        found = []
    if len(found) != 1 or not 1 <= found[0].amount <= HIGHEST:
        raise ValueError(f"write one limit as '5 per 1 minute' (1 to {HIGHEST}; second, minute, hour, day) or 'off'")
    return found[0]


def _checked(text: str) -> str:
    parse(text)
    return text


Limit = Annotated[str, AfterValidator(_checked)]
"""The type of a setting `limit_<name>`."""


def limits_of(settings: "ServiceSettings") -> Mapping[str, RateLimitItem | None]:
    """Every limit of a service by its name; None for one that is off."""
    names = (field for field in type(settings).model_fields if field.startswith(_PREFIX))
    return {
        field.removeprefix(_PREFIX): parse(getattr(settings, field)) if settings.rate_limits else None
        for field in names
    }
