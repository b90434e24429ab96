"""What the server runs: `uvicorn quill_messaging.main:app`."""

from quill_messaging.app import create_app

app = create_app()
