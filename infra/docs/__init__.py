"""Documents that are rendered from the code and the street files, so that they say what runs."""
