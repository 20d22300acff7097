"""A seeded synthetic city: data folders to try rules, runs and machines on. What stands in it is said by a profile."""

from kommres.synth.api import City, read_city, synthesize

__all__ = ["City", "read_city", "synthesize"]
