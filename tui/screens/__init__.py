"""The debugger's screen, what it is made of, and what opens over it."""
