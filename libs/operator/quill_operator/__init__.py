"""The `quill` command line for operators."""
