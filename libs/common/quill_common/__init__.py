"""What every Quill service does the same way."""
