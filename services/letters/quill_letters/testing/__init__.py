"""What the tests of letters share."""
