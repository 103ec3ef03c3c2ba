"""Records of other catalogues, and layers of other services, as linked records in ours."""
