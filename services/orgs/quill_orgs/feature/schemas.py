"""What goes in and out about features."""

from typing import Annotated, Literal

from fastapi import Path
from quill_common.http.shapes import Answer, Body, Time

FeatureKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,49}$", examples=["messaging"])]
Outcome = Literal["enabled", "already_enabled", "disabled", "already_disabled"]


class FeatureSwitch(Body):
    enabled: bool


class Switched(Answer):
    status: Outcome


class FeatureAnswer(Answer):
    feature_key: str
    enabled_at: Time
    enabled_by: int | None


class FeatureList(Answer):
    features: list[FeatureAnswer]
