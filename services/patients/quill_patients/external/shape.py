"""Whether a Patient of another system can be read as one: what sorts, finds and changes patients relies on it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from quill_common.fhir.store import StoreFailing

Check = Callable[[Any], bool]


def require_readable(resource: Mapping[str, Any]) -> None:
    """Raise StoreFailing where an element that Quill reads has not the JSON type that R4 gives it.

    More is not judged: what a site has stored may be of a profile or an age that our validation refuses.
    """
    if not _PATIENT(resource):
        raise StoreFailing("a patient has an element of the wrong type")


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _list(check: Check) -> Check:
    return lambda value: value is None or (isinstance(value, list) and all(check(item) for item in value))


def _object(**members: Check) -> Check:
    return lambda value: (
        value is None or (isinstance(value, dict) and all(check(value.get(name)) for name, check in members.items()))
    )


def _given(check: Check) -> Check:
    return lambda value: value is not None and check(value)


_NAME: Final = _given(
    _object(
        use=_text,
        text=_text,
        family=_text,
        given=_list(_text),
        prefix=_list(_text),
        suffix=_list(_text),
        period=_object(end=_text),
    )
)
_PATIENT: Final = _object(
    birthDate=_text,
    gender=_text,
    name=_list(_NAME),
    identifier=_list(_given(_object(system=_text, value=_text, use=_text))),
    extension=_list(_given(_object(url=_text))),
    address=_list(_given(_object())),
    telecom=_list(_given(_object())),
)
