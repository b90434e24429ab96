"""What tests and measurements need of patients."""
