"""What tests of conversations share."""
