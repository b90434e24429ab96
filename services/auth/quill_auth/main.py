"""What the server runs: `uvicorn quill_auth.main:app`."""

from quill_auth.app import create_app

app = create_app()
