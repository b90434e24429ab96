"""Features that organisations have switched on."""
