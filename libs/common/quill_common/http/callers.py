"""What a route may ask for: a reader, a transaction, the caller, and the caller's rights."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from quill_common.access.competencies import HIGH_RISK
from quill_common.access.policy import may_administer, may_see_clinically
from quill_common.access.principal import Principal, principal_of
from quill_common.audit.entry import Outcome
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.address import client_address
from quill_common.http.errors import ClinicalSwitchedOff, Forbidden, Unauthenticated, Unavailable
from quill_common.http.idempotency import Idempotency
from quill_common.http.work import work_of
from quill_common.identity.claims import AccessClaims
from quill_common.identity.errors import InvalidToken


class AccessDenied(Forbidden):
    detail = "Access denied"


class MissingCompetency(Forbidden):
    def __init__(self, competency: str) -> None:
        super().__init__(f"Forbidden: User lacks required competency '{competency}'")


class SecondFactorNotSetUp(Forbidden):
    """The account's level must have a second factor, and the account has none yet."""

    def __init__(self) -> None:
        super().__init__({"message": "Two-factor must be set up first", "error_code": "two_factor_setup_required"})


async def claims_of(request: Request) -> AccessClaims:
    """The verified access token of the request. 401 without a good one, 403 with one that only sets up a factor."""
    claims = await claims_while_setting_up(request)
    if claims.only_sets_up_second_factor:
        work_of(request).trail.asked_by(claims)
        raise SecondFactorNotSetUp
    return claims


async def claims_while_setting_up(request: Request) -> AccessClaims:
    """`claims_of` for the few routes that serve somebody who must set up a second factor first."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        raise Unauthenticated
    try:
        return await work_of(request).parts.tokens.access(token)
    except InvalidToken as problem:
        raise Unauthenticated("Invalid token") from problem


async def signed_in(request: Request) -> Principal:
    """The caller as the account stands now. 401 when it is missing or inactive, 503 while that cannot be known."""
    work = work_of(request)
    if work.principal is None:
        claims = await claims_of(request)
        if not work.parts.consumer.current:
            raise Unavailable
        work.principal = await principal_of(await work.reader(), claims.user_id, claims.session_id)
    if work.principal is None:
        raise Unauthenticated("Inactive user")
    return work.principal


async def clinical(request: Request) -> None:
    """Refuse where clinical services are switched off."""
    if not work_of(request).parts.settings.clinical_services_enabled:
        raise ClinicalSwitchedOff


async def _reader(request: Request) -> Reader:
    return await work_of(request).reader()


async def _writer(request: Request) -> UnitOfWork:
    return await work_of(request).writer()


async def _write_if_needed(request: Request) -> Callable[[], Awaitable[UnitOfWork]]:
    return work_of(request).writer


Caller = Annotated[Principal, Depends(signed_in)]
Read = Annotated[Reader, Depends(_reader)]
Write = Annotated[UnitOfWork, Depends(_writer)]
WriteIfNeeded = Annotated[Callable[[], Awaitable[UnitOfWork]], Depends(_write_if_needed)]
"""Opens the request's transaction when called: for a GET that only sometimes has something to store."""
Clinical = Depends(clinical)


class Once:
    """The request's Idempotency-Key. Call `begin` after access was decided and before anything else."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def begin(self, makes: Callable[[str], None] | None = None) -> None:
        """Answer a repeat with the first answer; without a key do nothing.

        `makes` is told `id_to_give` before, so that a repeat is on record with what it shows once more.
        """
        work = work_of(self._request)
        caller = f"user/{work.principal.id}" if work.principal else f"address/{client_address(self._request)}"
        work.idempotency = await Idempotency.of(self._request, caller, work.parts.calls.secret("idempotency"))
        if work.idempotency is not None:
            if makes is not None:
                makes(str(work.idempotency.made_id()))
            await work.idempotency.begin(await work.writer())

    def forget(self) -> None:
        """Remember no answer: nothing was made, and a repeat may see what was found only with access to it then."""
        work_of(self._request).idempotency = None

    @property
    def id_to_give(self) -> str | None:
        """The id of what the request makes: the same at each repeat, so that what a crash left behind is found again.

        None without a key.
        """
        idempotency = work_of(self._request).idempotency
        return None if idempotency is None else str(idempotency.made_id())


async def _once(request: Request) -> Once:
    return Once(request)


OncePerKey = Annotated[Once, Depends(_once)]


def require_admin(principal: Principal, detail: str = "Requires admin or superadmin permissions") -> None:
    if not principal.is_admin:
        raise Forbidden(detail)


def require_staff(principal: Principal) -> None:
    if not principal.is_staff:
        raise Forbidden("Forbidden: Staff access required")


def require_role(principal: Principal, role: str) -> None:
    if role not in principal.roles:
        raise Forbidden


def require_competency(request: Request, principal: Principal, competency: str) -> None:
    """Refuse who lacks `competency`. A check for one of high risk is put on record, however the request ends."""
    granted = competency in principal.competencies
    if competency in HIGH_RISK:
        outcome: Outcome = "success" if granted else "refused"
        work_of(request).trail.always("competency.use", outcome, target=f"competency/{competency}")
    if not granted:
        raise MissingCompetency(competency)


async def clinician(caller: Caller) -> None:
    """Refuse who is not a clinician, before the body is looked at."""
    require_role(caller, "Clinician")


async def staff(caller: Caller) -> None:
    """Refuse who is below level staff, before the body is looked at."""
    require_staff(caller)


Clinician = Depends(clinician)
Staff = Depends(staff)


async def require_clinical_access(reader: Reader, principal: Principal, patient_id: str) -> None:
    """Rule P. The same refusal for a patient that does not exist."""
    if not await may_see_clinically(reader, principal, patient_id):
        raise AccessDenied


async def require_administrative_access(reader: Reader, principal: Principal, patient_id: str) -> None:
    """Rule A. Admins pass for every id; whether it exists is theirs to learn."""
    if not await may_administer(reader, principal, patient_id):
        raise AccessDenied
