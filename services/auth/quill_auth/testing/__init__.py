"""Help for the tests of auth."""
