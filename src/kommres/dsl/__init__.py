"""The rules language: text to plan, one folder a stage."""
