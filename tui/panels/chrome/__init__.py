"""Panels without a number and a frame: the lines above and below all others."""
