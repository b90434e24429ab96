"""What a refusal says, in either of Quill's two forms: `{"detail": ...}`, and FHIR's below the FHIR door."""

from typing import Any


def detail_of(content: Any) -> Any:
    """The detail. Fails for a body that is neither, or that says more."""
    if content.get("resourceType") == "OperationOutcome":
        assert set(content) == {"resourceType", "issue"}
        [issue] = content["issue"]
        assert issue["severity"] == "error"
        return issue["details"]["text"]
    assert set(content) == {"detail"}
    return content["detail"]
