"""The role that verifies patients and changes their demographics."""

from fastapi import Depends
from quill_common.http.callers import Caller, require_role


async def clinician(caller: Caller) -> None:
    """Refuse who is not a clinician, before the body is looked at."""
    require_role(caller, "Clinician")


Clinician = Depends(clinician)
