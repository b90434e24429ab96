"""The openEHR EHR that each patient with a letter has."""
