"""Who calls: tokens of people and of services, the keys behind them, and CSRF."""

from quill_common.identity.claims import AccessClaims, CsrfClaims, RefreshClaims
from quill_common.identity.csrf import check_csrf
from quill_common.identity.errors import CsrfFailed, InvalidToken, KeysUnavailable
from quill_common.identity.jwks import parse_jwks, to_jwks
from quill_common.identity.key_sources import JwksFile, KeySource, RemoteJwks
from quill_common.identity.purposes import PUBLISHED, PURPOSES, Purpose
from quill_common.identity.service_keys import CALLERS, ensure_service_keys
from quill_common.identity.service_tokens import ServiceTokens, ServiceTokenVerifier
from quill_common.identity.signing_keys import SigningKeys
from quill_common.identity.tokens import TokenSigner, TokenVerifier

__all__ = [
    "CALLERS",
    "PUBLISHED",
    "PURPOSES",
    "AccessClaims",
    "CsrfClaims",
    "CsrfFailed",
    "InvalidToken",
    "JwksFile",
    "KeySource",
    "KeysUnavailable",
    "Purpose",
    "RefreshClaims",
    "RemoteJwks",
    "ServiceTokenVerifier",
    "ServiceTokens",
    "SigningKeys",
    "TokenSigner",
    "TokenVerifier",
    "check_csrf",
    "ensure_service_keys",
    "parse_jwks",
    "to_jwks",
]
