"""What the server runs: `uvicorn quill_letters.main:app`."""

from quill_letters.app import create_app

app = create_app()
