"""Refusals that several features share."""

from quill_common.http.errors import NotFound


class ConversationNotFound(NotFound):
    """Unknown, or not for the caller: the answer does not tell which."""

    detail = "Conversation not found"
