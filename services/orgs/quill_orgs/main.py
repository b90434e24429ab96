"""What the server runs: `uvicorn quill_orgs.main:app`."""

from quill_orgs.app import create_app

app = create_app()
