"""The arithmetic of a step, painted: what panel 3 shows."""
