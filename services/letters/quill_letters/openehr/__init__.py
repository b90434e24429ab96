"""The parts of the openEHR reference model (RM 1.0.4) that letters are made of."""
