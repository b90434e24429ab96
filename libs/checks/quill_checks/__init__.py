"""House rules of Quill that ordinary linters do not know."""
