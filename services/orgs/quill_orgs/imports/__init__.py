"""What an import of patients needs of the organisation that they join."""
