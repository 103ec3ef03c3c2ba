"""The life of a push to an Entrepôt of the Géoplateforme: delivered, checked, processed, offered, retired."""
