"""What the server runs: `uvicorn quill_patients.main:app`."""

from quill_patients.app import create_app

app = create_app()
