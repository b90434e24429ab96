"""Each rule lets good code pass, finds bad code, and yields to a named comment with a reason."""

from dataclasses import dataclass

import pytest
from quill_checks.main import findings_of
from quill_checks.rules import RULES


@dataclass(frozen=True)
class Case:
    rule: str
    path: str
    bad: str
    good: str


CASES = [
    Case(
        "commit-outside-unit",
        "services/orgs/quill_orgs/organisation/service.py",
        "async def add(session):\n    await session.commit()\n",
        "async def add(work):\n    work.add(1)\n",
    ),
    Case(
        "commit-outside-unit",
        "libs/common/quill_common/http/idempotency.py",
        "async def keep(database):\n    async with database.session() as s:\n        await s.commit()\n",
        "commit = 1\n",
    ),
    Case(
        "commit-in-dependency",
        "libs/common/quill_common/database/dependency.py",
        "async def session():\n    async with factory() as s:\n        yield s\n        await s.commit()\n",
        "from contextlib import asynccontextmanager\n\n@asynccontextmanager\nasync def session():\n"
        "    async with factory() as s:\n        yield s\n        await s.commit()\n",
    ),
    Case(
        "commit-in-dependency",
        "libs/common/quill_common/database/dependency.py",
        "async def session():\n    async with factory.begin() as s:\n        yield s\n",
        "async def session():\n    async with factory() as s:\n        yield s\n",
    ),
    Case(
        "publish-outside-relay",
        "services/letters/quill_letters/composition/service.py",
        "async def write(exchange):\n    await exchange.publish(message, 'letter.written')\n",
        "async def write(work):\n    work.publish(event)\n",
    ),
    Case(
        "publish-outside-relay",
        "services/letters/quill_letters/composition/service.py",
        "import aio_pika\n",
        "from quill_common.events.unit_of_work import Write\n",
    ),
    Case(
        "sql-outside-repository",
        "services/auth/quill_auth/users/service.py",
        "from sqlalchemy import select\n\nasync def find(s):\n    return await s.execute(select(User))\n",
        "async def find(users):\n    return await users.select(1)\n",
    ),
    Case(
        "sql-outside-repository",
        "services/auth/quill_auth/users/routes.py",
        "import sqlalchemy as sa\n\nQUERY = sa.text('SELECT 1')\n",
        "from textual import text\n\nQUERY = text('SELECT 1')\n",
    ),
    Case(
        "import-direction",
        "services/letters/quill_letters/events.py",
        "from quill_orgs.events import StaffAdded\n",
        "from quill_common.events.envelope import Envelope\nfrom quill_letters.tables import METADATA\n",
    ),
    Case(
        "import-direction",
        "gateway/quill_gateway/routing.py",
        "from quill_common.database import engine\n",
        "from quill_common.identity.tokens import TokenVerifier\nfrom quill_gateway.errors import Refused\n",
    ),
    Case(
        "import-direction",
        "libs/common/quill_common/service.py",
        "import quill_auth.app\n",
        "import quill_common.log\n",
    ),
    Case(
        "import-direction",
        "libs/common/quill_common/events/feed.py",
        "from quill_common.http.errors import NotFound\n",
        "from quill_common.database.engine import Database\n",
    ),
    Case(
        "signing-keys-elsewhere",
        "gateway/quill_gateway/admission.py",
        "from quill_common.identity import SigningKeys\n",
        "from quill_common.identity import RemoteJwks, ServiceTokens, TokenVerifier\n",
    ),
    Case(
        "signing-keys-elsewhere",
        "services/letters/quill_letters/app.py",
        "from quill_common.identity import signing_keys\n",
        "from quill_common.identity.key_sources import KeySource\n",
    ),
    Case(
        "patient-in-log",
        "services/patients/quill_patients/record/service.py",
        "def made(log, patient):\n    log.info('made', nhs_number=patient.nhs_number)\n",
        "def made(log, patient):\n    log.info('made', patient_id=patient.id)\n",
    ),
    Case(
        "patient-in-log",
        "services/patients/quill_patients/record/service.py",
        "def made(log, patient):\n    log.info(f'made {patient[\"family_name\"]}')\n",
        "def made(log, patient):\n    log.info('made', letters=len(patient.body))\n",
    ),
    Case(
        "patient-in-log",
        "gateway/quill_gateway/session.py",
        "def refused(access_token):\n    get_logger().warning('refused', given=access_token)\n",
        "def refused(access_token):\n    check(token=access_token)\n",
    ),
    Case(
        "blocking-call",
        "services/auth/quill_auth/users/service.py",
        "import time\n\nasync def wait():\n    time.sleep(1)\n",
        "import asyncio\n\nasync def wait():\n    await asyncio.sleep(1)\n",
    ),
    Case(
        "blocking-call",
        "services/auth/quill_auth/users/service.py",
        "from time import sleep as rest\n\nasync def wait():\n    rest(1)\n",
        "import time\n\nasync def wait():\n    def block():\n        time.sleep(1)\n    await to_thread(block)\n",
    ),
    Case(
        "blocking-call",
        "services/auth/quill_auth/users/service.py",
        "async def read(path):\n    with open(path) as file:\n        return file.read()\n",
        "def read(path):\n    with open(path) as file:\n        return file.read()\n",
    ),
    Case(
        "blocking-call",
        "services/auth/quill_auth/users/service.py",
        "import subprocess\n\nasync def go():\n    subprocess.run(['true'])\n",
        "import asyncio\n\nasync def go():\n    await asyncio.create_subprocess_exec('true')\n",
    ),
    Case("file-length", "services/auth/quill_auth/big.py", "x = 1\n" * 401, "x = 1\n" * 400),
]


def rules_broken(path: str, text: str) -> set[str]:
    return {finding.rule for finding in findings_of(path, text)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_bad_code_is_found_and_good_code_passes(case: Case) -> None:
    assert case.rule in rules_broken(case.path, case.bad)
    assert rules_broken(case.path, case.good) == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_named_comment_with_a_reason_allows_the_line(case: Case) -> None:
    [*_, finding] = [finding for finding in findings_of(case.path, case.bad) if finding.rule == case.rule]
    lines = case.bad.splitlines()
    lines[finding.line - 1] += f"  # quill: allow {case.rule} - the test says so"
    assert case.rule not in rules_broken(case.path, "\n".join(lines) + "\n")
    lines[finding.line - 1] = lines[finding.line - 1].replace(" - the test says so", "")
    assert case.rule in rules_broken(case.path, "\n".join(lines) + "\n")


def test_every_rule_has_a_case_and_says_which_harm_it_prevents() -> None:
    assert {rule.name for rule in RULES} == {case.rule for case in CASES}
    assert all(len(rule.harm) > 20 and "\n" not in rule.harm for rule in RULES)


def test_a_finding_names_place_rule_and_harm() -> None:
    [finding] = findings_of("services/orgs/quill_orgs/a/service.py", "def go(session):\n    session.commit()\n")
    assert str(finding).startswith("services/orgs/quill_orgs/a/service.py:2: commit-outside-unit: `session.commit()`")
    assert "half a change" in str(finding)


def test_tests_may_do_what_the_house_may_not() -> None:
    assert findings_of("services/orgs/tests/test_a.py", "async def go(session):\n    await session.commit()\n") == []
