"""Where compositions are kept: one narrow interface, and the built-in store."""
