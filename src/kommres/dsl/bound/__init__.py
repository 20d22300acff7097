"""Stage 2: names, units, types and dates resolved."""
