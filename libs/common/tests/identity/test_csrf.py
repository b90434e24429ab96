import pytest
from quill_common.identity import CsrfFailed, TokenSigner, TokenVerifier, check_csrf

SESSION = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"
OTHER = "6f0c9f6e-6a3e-4a53-9b1e-222222222222"


async def test_the_sessions_own_token_in_header_and_cookie_passes(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token = signer.csrf(7, SESSION, lifetime=60)
    await check_csrf(verifier, token, token, SESSION)
    await check_csrf(verifier, token, token, SESSION)


async def test_half_a_pair_or_two_different_tokens_fail(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token, second = signer.csrf(7, SESSION, lifetime=60), signer.csrf(7, SESSION, lifetime=60)
    for header, cookie in (
        (None, token),
        (token, None),
        ("", ""),
        (None, None),
        (token, second),
        (token, token + "x"),
        ("é", "é"),
        ("\udcff", "\udcff"),
    ):
        with pytest.raises(CsrfFailed):
            await check_csrf(verifier, header, cookie, SESSION)


async def test_a_token_of_another_session_of_the_same_user_fails(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token = signer.csrf(7, OTHER, lifetime=60)
    await check_csrf(verifier, token, token, OTHER)
    with pytest.raises(CsrfFailed):
        await check_csrf(verifier, token, token, SESSION)


async def test_a_made_up_pair_or_another_kind_of_token_fails(signer: TokenSigner, verifier: TokenVerifier) -> None:
    access = signer.access(7, SESSION, roles=[], competencies=[], lifetime=60)
    expired = signer.csrf(7, SESSION, lifetime=-1)
    for token in ("made-up", access, signer.refresh(7, SESSION, lifetime=60), expired):
        with pytest.raises(CsrfFailed):
            await check_csrf(verifier, token, token, SESSION)
