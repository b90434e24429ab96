"""The interactive documentation, in development only. Its pages load nothing from elsewhere."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from quill_gateway.browsers import POLICY
from quill_gateway.errors import NotFound
from quill_gateway.exchange import Exchange
from quill_gateway.openapi import MergedDocument

_ASSETS: Final = "/api/docs/assets/"
_TYPES: Final = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "redoc.standalone.js": b"text/javascript; charset=utf-8",
    "favicon.png": b"image/png",
}
_START_SCRIPT: Final = b"""\
const csrf = () => document.cookie.split("; ").find((part) => part.startsWith("XSRF-TOKEN="))?.slice(11);
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  requestInterceptor: (request) => {
    if (csrf()) request.headers["X-CSRF-Token"] = csrf();
    return request;
  },
});
"""
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quill API</title>
<link rel="icon" href="/api/docs/assets/favicon.png">
"""
_SWAGGER: Final = (
    _HEAD
    + """<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script>
<script src="/api/docs/assets/start.js"></script>
</body>
</html>
"""
)
_REDOC: Final = (
    _HEAD
    + """</head>
<body>
<redoc spec-url="/api/openapi.json"></redoc>
<script src="/api/docs/assets/redoc.standalone.js"></script>
</body>
</html>
"""
)
# Both pages write style attributes; Redoc searches in a worker of its own making.
_PAGE_POLICY: Final = (
    b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src blob:; "
    b"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def packaged_assets() -> Path:
    """Where the installed package keeps its copies; found without importing it, which would load FastAPI."""
    spec = find_spec("fastapi_offline")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The package fastapi-offline is not installed")
    return Path(spec.submodule_search_locations[0]) / "static"


class DocsPages:
    def __init__(self, merged: MergedDocument) -> None:
        self._merged = merged
        self._folder = packaged_assets()

    async def document(self, exchange: Exchange) -> None:
        await exchange.json(200, await self._merged.build())

    async def swagger(self, exchange: Exchange) -> None:
        await _show(exchange, _SWAGGER)

    async def redoc(self, exchange: Exchange) -> None:
        await _show(exchange, _REDOC)

    async def asset(self, exchange: Exchange) -> None:
        name = str(exchange.scope["path"]).removeprefix(_ASSETS)
        if name == "start.js":
            await exchange.answer(200, _START_SCRIPT, [(b"content-type", _TYPES["redoc.standalone.js"])])
            return
        content_type = _TYPES.get(name)
        if content_type is None:
            raise NotFound
        content = await asyncio.to_thread((self._folder / name).read_bytes)
        await exchange.answer(200, content, [(b"content-type", content_type)])


async def _show(exchange: Exchange, page: str) -> None:
    # In place of the usual policy, not beside it: of two, browsers obey both.
    exchange.answer_headers = [
        (name, _PAGE_POLICY if name == POLICY else value) for name, value in exchange.answer_headers
    ]
    await exchange.answer(200, page.encode(), [(b"content-type", b"text/html; charset=utf-8")])
