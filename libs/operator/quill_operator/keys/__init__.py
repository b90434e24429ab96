"""`quill keys`: the keys that sign user tokens."""
