"""The arrays a scenario starts from. One module a source."""
