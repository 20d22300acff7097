"""The plan stage: definitions to flat steps."""
