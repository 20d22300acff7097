"""``kommres run``: a month's charges of a data folder."""
