"""Who may see which patient: the rules P and A of the contract (2.4), each case against real rows."""

import pytest
from quill_common.access.policy import (
    administrative,
    clinical,
    may_administer,
    may_see_clinically,
    patient_exists,
)
from quill_common.access.principal import Principal, principal_of
from quill_common.access.tables import (
    AccessGrant,
    AccessPatient,
    AccessPatientMember,
    AccessStaff,
    AccessUser,
)
from quill_common.database.engine import Database
from sqlalchemy import insert, select

OWN, SHARED, OTHER, GRANTED, MOVED, LONELY = "own", "shared", "other", "granted", "moved", "lonely"
PATIENTS = (OWN, SHARED, OTHER, GRANTED, MOVED, LONELY)
HERE, BRANCH, ELSEWHERE = 1, 2, 3
ME = 7

LEVELS = ("patient", "staff", "admin", "superadmin", "external_hcp", "patient_advocate")

# Level; whether linked to the patient `own`, on the staff of HERE and BRANCH, granted one; and what P shows.
CASES = [
    ("patient", False, False, False, set()),
    ("patient", True, False, False, {OWN}),
    # A staff row gives nothing below the level `staff`.
    ("patient", True, True, False, {OWN}),
    ("patient", False, True, True, {GRANTED}),
    ("staff", False, False, False, set()),
    ("staff", False, True, False, {SHARED, MOVED}),
    ("staff", True, True, True, {OWN, SHARED, MOVED, GRANTED}),
    # Administration is no clinical access.
    ("admin", False, False, False, set()),
    ("admin", False, True, False, {SHARED, MOVED}),
    ("superadmin", False, False, False, set()),
    ("superadmin", False, True, False, {SHARED, MOVED}),
    ("superadmin", False, False, True, {GRANTED}),
    ("external_hcp", False, False, False, set()),
    ("external_hcp", False, True, False, set()),
    ("external_hcp", False, False, True, {GRANTED}),
    ("patient_advocate", False, True, True, {GRANTED}),
    ("patient_advocate", True, False, False, {OWN}),
    # What is not one of the six levels is less than all of them.
    ("Superadmin", False, True, False, set()),
    ("", False, True, False, set()),
    ("root", False, True, True, {GRANTED}),
]


def principal(level: str, patient_id: str | None = None) -> Principal:
    return Principal(ME, "me", None, "me@example.org", level, frozenset(), frozenset(), patient_id, "session")


@pytest.fixture
async def people(database: Database) -> Database:
    members = [(SHARED, HERE), (SHARED, ELSEWHERE), (MOVED, BRANCH), (OTHER, ELSEWHERE), (GRANTED, ELSEWHERE)]
    async with database.writer() as writer:
        await writer.execute(insert(AccessPatient), [{"id": patient} for patient in PATIENTS])
        rows = [{"patient_id": patient, "organisation_id": organisation} for patient, organisation in members]
        await writer.execute(insert(AccessPatientMember), rows)
        # Somebody else has every right there is.
        everywhere = [{"user_id": 8, "organisation_id": n, "is_primary": False} for n in (HERE, BRANCH, ELSEWHERE)]
        await writer.execute(insert(AccessStaff), everywhere)
        await writer.execute(insert(AccessGrant), [{"user_id": 8, "patient_id": patient} for patient in PATIENTS])
    return database


@pytest.mark.parametrize(("level", "linked", "on_staff", "granted", "expected"), CASES)
async def test_the_column_form_and_the_value_form_give_the_same_patients(
    people: Database, level: str, linked: bool, on_staff: bool, granted: bool, expected: set[str]
) -> None:
    async with people.writer() as writer:
        if on_staff:
            rows = [{"user_id": ME, "organisation_id": n, "is_primary": n == HERE} for n in (HERE, BRANCH)]
            await writer.execute(insert(AccessStaff), rows)
        if granted:
            await writer.execute(insert(AccessGrant), {"user_id": ME, "patient_id": GRANTED})
    me = principal(level, OWN if linked else None)
    everything = set(PATIENTS) if level in ("admin", "superadmin") else expected
    async with people.reader() as reader:
        in_lists = set(await reader.values(select(AccessPatient.id).where(clinical(me, AccessPatient.id))))
        administered = set(await reader.values(select(AccessPatient.id).where(administrative(me, AccessPatient.id))))
        one_by_one = {patient for patient in PATIENTS if await may_see_clinically(reader, me, patient)}
        one_by_one_a = {patient for patient in PATIENTS if await may_administer(reader, me, patient)}
    assert (in_lists, one_by_one) == (expected, expected)
    assert (administered, one_by_one_a) == (everything, everything)


async def test_a_patient_in_several_shared_organisations_is_listed_once(people: Database) -> None:
    async with people.writer() as writer:
        rows = [{"user_id": ME, "organisation_id": n, "is_primary": False} for n in (HERE, ELSEWHERE)]
        await writer.execute(insert(AccessStaff), rows)
    async with people.reader() as reader:
        listed = await reader.values(
            select(AccessPatient.id).where(clinical(principal("staff"), AccessPatient.id)).order_by(AccessPatient.id)
        )
    assert listed == [GRANTED, OTHER, SHARED]


async def test_ids_that_nobody_has_are_nobodys(people: Database) -> None:
    strange = ("", "' OR true --", "%", OWN.upper(), f"{OWN} ", "x" * 100_000)
    async with people.reader() as reader:
        for patient in strange:
            assert not await may_see_clinically(reader, principal("staff", OWN), patient)
            assert await may_administer(reader, principal("admin"), patient)
            assert not await patient_exists(reader, patient)
        assert await patient_exists(reader, OWN)


@pytest.mark.parametrize("level", LEVELS)
async def test_the_principal_is_the_account_as_it_stands_now(people: Database, level: str) -> None:
    row = {
        "id": ME,
        "username": "me",
        "full_name": "Me",
        "email": "me@example.org",
        "level": level,
        "roles": ["Clinician"],
        "competencies": ["write_letters"],
        "is_active": True,
        "patient_id": OWN,
    }
    async with people.writer() as writer:
        await writer.execute(insert(AccessUser), row)
        await writer.execute(insert(AccessUser), row | {"id": 9, "is_active": False})
    async with people.reader() as reader:
        me = await principal_of(reader, ME, "s")
        assert await principal_of(reader, 9, "s") is None
        assert await principal_of(reader, 10, "s") is None
    assert me == Principal(
        ME, "me", "Me", "me@example.org", level, frozenset({"Clinician"}), frozenset({"write_letters"}), OWN, "s"
    )
    assert me.is_staff == (level in ("staff", "admin", "superadmin"))
    assert me.is_admin == (level in ("admin", "superadmin"))
