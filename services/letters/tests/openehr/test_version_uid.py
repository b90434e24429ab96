"""A composition_uid has three parts, or is the bare id of an object."""

from uuid import UUID

import pytest
from quill_letters.openehr.version_uid import VersionUid, parse

OBJECT = "2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c"


def test_a_whole_uid_names_a_version() -> None:
    uid = parse(f"{OBJECT}::quill::12")
    assert uid == VersionUid(UUID(OBJECT), "quill", 12)
    assert str(uid) == f"{OBJECT}::quill::12"


def test_a_bare_uuid_names_an_object() -> None:
    assert parse(OBJECT) == UUID(OBJECT)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "nonsense",
        OBJECT.replace("-", ""),
        "{" + OBJECT + "}",
        f"{OBJECT}\n",
        f"{OBJECT}::quill",
        f"{OBJECT}::quill::0",
        f"{OBJECT}::quill::01",
        f"{OBJECT}::quill::-1",
        f"{OBJECT}::quill::١",
        f"{OBJECT}::quill::99999999999999999999",
        f"{OBJECT}::::1",
        f"{OBJECT}::a:b::1",
        f"{OBJECT}::quill::1::2",
        f"x::{OBJECT}::quill::1",
    ],
)
def test_anything_else_names_nothing(asked: str) -> None:
    assert parse(asked) is None
