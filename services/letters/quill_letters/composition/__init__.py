"""Letters: openEHR compositions, written, listed and read."""
