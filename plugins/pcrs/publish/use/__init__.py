"""The use of a site as figures: their values, a page, a table."""
