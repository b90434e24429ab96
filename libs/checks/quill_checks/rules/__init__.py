"""All house rules about Python files; `places.faults_of_text` reads every other text too."""

from typing import Final

from quill_checks.findings import Rule
from quill_checks.rules.blocking import BLOCKING_CALL
from quill_checks.rules.boundaries import IMPORT_DIRECTION, SIGNING_KEYS_ELSEWHERE, SQL_OUTSIDE_REPOSITORY
from quill_checks.rules.logs import PATIENT_IN_LOG
from quill_checks.rules.places import FILE_LENGTH
from quill_checks.rules.transactions import COMMIT_IN_DEPENDENCY, COMMIT_OUTSIDE_UNIT, PUBLISH_OUTSIDE_RELAY

RULES: Final[tuple[Rule, ...]] = (
    COMMIT_OUTSIDE_UNIT,
    COMMIT_IN_DEPENDENCY,
    PUBLISH_OUTSIDE_RELAY,
    SQL_OUTSIDE_REPOSITORY,
    IMPORT_DIRECTION,
    SIGNING_KEYS_ELSEWHERE,
    PATIENT_IN_LOG,
    BLOCKING_CALL,
    FILE_LENGTH,
)
