"""The panels beside the picture: every step, and the parameters."""
