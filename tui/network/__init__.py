"""The picture of the network, from afar to a single term.

What it is made of: `plan` (layers in columns) and `diagram` (boxes and edges); `places`, `forms` and `layout` say where
things stand, all found out once a network. What is painted: a `stage` a level, listed in `levels`; from afar `cards`,
`strips` or `lines`; near `nodes`, `slim` where those have no room, the `tables` of `maps`, of a large network those
`near` the moment, or one `layer`; then a `neuron`. Images of arrays: `images` (where an element is),
`shades` (its colour), `tile` (painted), `marks` (what is drawn onto it). What one is looking at: `looking`.
"""
