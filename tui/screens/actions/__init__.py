"""What keys do: a module a group of them, as help lists them. `tui/keymap.py` says which key does what."""
