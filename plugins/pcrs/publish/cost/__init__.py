"""What keeping and serving a PCRS costs: price lists, figures, and how they are shown."""
