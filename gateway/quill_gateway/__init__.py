"""The gateway: the only door of Quill."""
