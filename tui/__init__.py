"""The screen and the command line. What is computed, the engine computes."""
