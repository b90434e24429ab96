"""What a list of patients is asked for, and how it is found."""
