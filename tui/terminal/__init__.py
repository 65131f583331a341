"""The terminal as a device: what it sends is read, and what it is sent is written."""
