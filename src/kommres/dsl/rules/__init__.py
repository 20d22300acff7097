"""The rules stage: overlays merged, order decided, conflicts found, slices planned."""
