"""The JSON Web Key Set with which everyone verifies user tokens. Public."""

from fastapi import APIRouter, Response
from quill_common.http.answers import json_answer

from quill_auth.parts import Auth

router = APIRouter(include_in_schema=False)


@router.get("/.well-known/jwks.json")
async def jwks(auth: Auth) -> Response:
    return json_answer(auth.keys.jwks())
