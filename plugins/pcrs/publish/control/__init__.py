"""The report of a control: one HTML page and one JSON document."""
