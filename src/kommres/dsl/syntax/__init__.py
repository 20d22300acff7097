"""Stage 1: what was written."""
