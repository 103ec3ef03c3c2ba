"""What the Géoplateforme's Entrepôt is given: products, their layers, the files of IGN's SDK."""
