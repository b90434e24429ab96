"""`python -m quill_gateway`: the gateway behind uvicorn, with the options that it relies on."""

import uvicorn
from quill_common.settings import load

from quill_gateway.settings import GatewaySettings


def main() -> None:
    settings = load(GatewaySettings)
    uvicorn.run(
        "quill_gateway.app:app",
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        # The gateway itself decides whose X-Forwarded-For is believed; uvicorn would take it from 127.0.0.1.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
