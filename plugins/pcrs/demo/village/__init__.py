"""The village, part by part: what stands where, as plain values."""
