"""The contract's document, and those of the services, made without running them."""

import importlib
import os
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI

_ROOT = Path(__file__).parents[2]
COPY = _ROOT / "docs" / "contract" / "quill.openapi.yaml"
SHARED = _ROOT.parent / "shared" / "contract" / "quill.openapi.yaml"


def contract_path() -> Path:
    """`QUILL_CONTRACT`, else the shared one beside the repository, else the copy kept here."""
    named = os.environ.get("QUILL_CONTRACT")
    if named:
        return Path(named)
    return SHARED if SHARED.exists() else COPY


def contract() -> dict[str, Any]:
    """The contract as an OpenAPI document."""
    document: dict[str, Any] = yaml.safe_load(contract_path().read_bytes())
    return document


def service_app(service: str) -> FastAPI:
    """The service's application; nothing is connected to."""
    settings = importlib.import_module(f"quill_{service}.settings").Settings(
        database_url="postgresql://nobody:nothing@127.0.0.1:1/none"
    )
    app: FastAPI = importlib.import_module(f"quill_{service}.app").create_app(settings, isolated=True)
    return app


def service_document(service: str) -> dict[str, Any]:
    """What the service says of itself."""
    document: dict[str, Any] = service_app(service).openapi()
    return document
