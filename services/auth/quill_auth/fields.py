"""What the fields of several bodies have in common."""

from pydantic import BeforeValidator

TRIMMED = BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)
"""White space around a text is not part of it, and does not count as length."""
