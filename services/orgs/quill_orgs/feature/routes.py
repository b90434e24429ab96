"""`/api/organizations/{org_id}/features` (contract 5.10 and 5.11)."""

from typing import Any

from fastapi import APIRouter
from quill_common.audit.declared import Audited, Note
from quill_common.http.callers import Caller, Read, Write, require_admin
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_orgs.feature import service
from quill_orgs.feature.schemas import FeatureKey, FeatureList, FeatureSwitch, Switched

router = APIRouter(prefix="/api/organizations/{org_id}/features", tags=["organizations"], route_class=WorkRoute)


@router.get("", operation_id="listFeatures", response_model=FeatureList)
async def list_features(caller: Caller, read: Read, org_id: PathId) -> Any:
    """The features that are on."""
    require_admin(caller, "Admin only")
    return {"features": await service.enabled(read, org_id)}


@router.put("/{feature_key}", operation_id="setFeature", dependencies=[Audited("feature.update")])
async def switch(
    caller: Caller, write: Write, note: Note, org_id: PathId, feature_key: FeatureKey, body: FeatureSwitch
) -> Switched:
    """Turn a feature on or off."""
    note.target(f"organisation/{org_id}")
    note.add(feature=feature_key, enabled=body.enabled)
    require_admin(caller, "Admin only")
    if body.enabled:
        return Switched(status=await service.enable(write, org_id, feature_key, caller.id))
    return Switched(status=await service.disable(write, org_id, feature_key))
