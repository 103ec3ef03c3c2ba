"""Files at rest: folders and buckets."""
