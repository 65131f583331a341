"""The panels: what each shows is a pure function of a frame, a view and a size. `tui/table.py` lists them."""
