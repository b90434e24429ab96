"""Write, list and read a patient's letters (contract 7)."""

import orjson
from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer, ready_json
from quill_common.http.callers import (
    Caller,
    Clinical,
    Clinician,
    OncePerKey,
    Read,
    Write,
    require_clinical_access,
    require_competency,
)
from quill_common.http.paging import Paging
from quill_common.http.shapes import FhirId, rfc3339
from quill_common.http.work import WorkRoute, work_of

from quill_letters.composition import service
from quill_letters.composition.schemas import LetterIn, LetterOut, LettersOut, LetterWrittenOut
from quill_letters.store.chosen import ReadStore, WriteStore

router = APIRouter(prefix="/api/patients/{patient_id}/letters", tags=["letters"], route_class=WorkRoute)


async def record_reader(request: Request, caller: Caller, note: Note) -> None:
    """Refuse who may not read records at all, before a patient is asked for; the letter asked for is named first."""
    composition_uid = request.path_params.get("composition_uid")
    if composition_uid is not None:
        note.target(f"letter/{composition_uid}")
    require_competency(request, caller, "access_patient_records")


RecordReader = Depends(record_reader)


@router.post(
    "",
    operation_id="writeLetter",
    response_model=LetterWrittenOut,
    dependencies=[Audited("letter.create"), Clinical, Clinician],
)
async def write_letter(
    request: Request,
    patient_id: FhirId,
    body: LetterIn,
    caller: Caller,
    write: Write,
    store: WriteStore,
    once: OncePerKey,
    note: Note,
) -> Response:
    """Write a letter (clinician)."""
    await require_clinical_access(write, caller, patient_id)
    await once.begin()
    system_id = work_of(request).parts.settings.system_id
    uid = await service.write_letter(write, store, system_id, caller, patient_id, body)
    note.target(f"letter/{uid}")
    return json_answer({"patient_id": patient_id, "composition_uid": str(uid), "title": body.title})


@router.get(
    "",
    operation_id="listLetters",
    response_model=LettersOut,
    dependencies=[Audited("letter.list"), Clinical, RecordReader],
)
async def list_letters(
    patient_id: FhirId, caller: Caller, read: Read, store: ReadStore, page: Paging, note: Note
) -> Response:
    """Letters of a patient, newest first, without bodies."""
    await require_clinical_access(read, caller, patient_id)
    entries, next_cursor = await service.list_letters(store, patient_id, page)
    note.add(shown=len(entries))
    letters = [
        {
            "composition_uid": str(entry.uid),
            "title": entry.title,
            "created_at": rfc3339(entry.created_at),
            "author": entry.author,
        }
        for entry in entries
    ]
    return json_answer({"patient_id": patient_id, "letters": letters, "next_cursor": next_cursor})


@router.get(
    "/{composition_uid}",
    operation_id="readLetter",
    response_model=LetterOut,
    dependencies=[Audited("letter.read"), Clinical, RecordReader],
)
async def read_letter(
    patient_id: FhirId, composition_uid: str, caller: Caller, read: Read, store: ReadStore
) -> Response:
    """One letter as openEHR composition."""
    await require_clinical_access(read, caller, patient_id)
    content = await service.read_letter(store, patient_id, composition_uid)
    head = orjson.dumps({"patient_id": patient_id, "composition_uid": composition_uid})
    return ready_json(b'%s,"data":%s}' % (head[:-1], content.encode()))
