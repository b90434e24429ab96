"""Shapes of the metadata endpoints."""

from typing import Literal

from pydantic import BaseModel


class MetadataOut(BaseModel):
    patient_id: str
    is_active: bool


class DeactivatedOut(BaseModel):
    patient_id: str
    is_active: Literal[False] = False
    message: Literal["Patient deactivated successfully"] = "Patient deactivated successfully"


class ActivatedOut(BaseModel):
    patient_id: str
    is_active: Literal[True] = True
    message: Literal["Patient activated successfully"] = "Patient activated successfully"
