"""A seeded synthetic city: data folders to try rules, runs and machines on. What stands in it is said by a profile (TOML)."""
