"""Recordings: a folder NAME.gradstep of text and plain arrays, written whole or not at all.

graph.toml           the network, a scenario like any other, with [origin] for where its names come from
leaves.safetensors   the arrays that it starts from
trace.safetensors    what was recorded: value:NAME, gradient:NAME, part:LINE:NAME,
                         next:NAME of parameters, kept:SYMBOL:NAME of the optimiser,
                         mean:NAME, a parameter's gradient as all ranks have it together
manifest.json        what made it, of which versions, and how large each file is
"""
