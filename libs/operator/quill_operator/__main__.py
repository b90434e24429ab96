"""`python -m quill_operator` is the `quill` command."""

from quill_operator.main import app

app()
