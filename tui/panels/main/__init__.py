"""The panels in the middle: the picture of the network, and the arithmetic of a step."""
