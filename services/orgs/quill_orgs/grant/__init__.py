"""Live and revoked access of people outside the organisations to one patient."""
