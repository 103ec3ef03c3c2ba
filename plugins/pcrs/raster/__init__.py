"""Floor 2: rasters. Dalles are read, judged, mastered; the pyramid is written and read."""
