"""Who lives in the demo. All invented; the NHS numbers are of the range kept for tests."""

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

_DEMO: Final = uuid5(NAMESPACE_URL, "https://quill.example/demo")


@dataclass(frozen=True)
class Organisation:
    name: str
    type: str
    location: str


@dataclass(frozen=True)
class StaffMember:
    """`organisations` are indexes of ORGANISATIONS."""

    username: str
    name: str
    level: str
    profession: str
    organisations: tuple[int, ...]


@dataclass(frozen=True)
class Patient:
    username: str
    given_name: str
    family_name: str
    birth_date: str
    gender: str
    nhs_number: str
    organisations: tuple[int, ...]

    @property
    def patient_id(self) -> str:
        """Always the same, so that loading again finds it."""
        identity: UUID = uuid5(_DEMO, self.username)
        return str(identity)


@dataclass(frozen=True)
class Letter:
    patient: int
    title: str
    body: str


ORGANISATIONS: Final = (
    Organisation("Northbank Hospital, Cardiology", "hospital_team", "Northbank, Level 4"),
    Organisation("Mill Lane Surgery", "gp_practice", "12 Mill Lane"),
)

STAFF: Final = (
    StaffMember("demo.manager", "Ines Albrecht", "admin", "clinic_manager", ()),
    StaffMember("demo.consultant", "Dr Amara Okafor", "staff", "consultant", (0,)),
    StaffMember("demo.nurse", "Tomasz Lewandowski", "staff", "registered_nurse", (0,)),
    StaffMember("demo.gp", "Dr Helen Pryce", "staff", "general_practitioner", (1,)),
)

PATIENTS: Final = (
    Patient("demo.edith", "Edith", "Marlowe", "1948-03-11", "female", "9990000018", (0, 1)),
    Patient("demo.samuel", "Samuel", "Osei", "1962-07-29", "male", "9990000085", (0, 1)),
    Patient("demo.priya", "Priya", "Raman", "1985-11-02", "female", "9990000158", (0,)),
    Patient("demo.gareth", "Gareth", "Llewellyn", "1971-01-17", "male", "9990000220", (1,)),
    Patient("demo.noor", "Noor", "Haddad", "1994-05-06", "female", "9990000298", (1,)),
    Patient("demo.alex", "Alex", "Winter", "2001-09-23", "other", "9990000360", (1,)),
)

WRITER: Final = "demo.consultant"
LETTERS: Final = (
    Letter(
        0,
        "Cardiology clinic review",
        "Dear Dr Pryce,\n\nThank you for referring this lady with **palpitations**. Her ECG shows atrial fibrillation, "
        "rate 88.\n\n- Apixaban 5 mg twice daily started\n- Echocardiogram requested\n\nI shall see her in six weeks.",
    ),
    Letter(
        0,
        "Echocardiogram result",
        "Dear Dr Pryce,\n\nThe echocardiogram shows good left ventricular function and a mildly dilated left atrium. "
        "No change to treatment.",
    ),
    Letter(
        1,
        "Hypertension follow-up",
        "Dear Dr Pryce,\n\nHome readings average 134/82 on amlodipine 5 mg. Please continue and check renal function "
        "in three months.",
    ),
)

CONVERSATION_PATIENT: Final = 0
CONVERSATION_SUBJECT: Final = "Your new tablets"
CONVERSATION_OPENING: Final = "Hello Edith, how are you getting on with the apixaban?"
CONVERSATION_MESSAGES: Final = ("If you notice any bruising, please write here or ring the ward.",)
