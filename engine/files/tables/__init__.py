"""The tables of a scenario file. One module a table: what it may say, and what that means."""
