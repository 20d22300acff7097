"""Back ends: what computes a plan. The interpreter is the meaning."""
