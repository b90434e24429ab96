"""Participants: list, add, join, mark as read."""
