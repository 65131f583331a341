"""What rules see in a whole training: over all its iterations, with what to try.

A rule is one function in one of these modules, under `@rule` (see `ask.findings`), and stands in the `RULES` of
`training`. It is given the history, the thresholds and `go_on`; it looks at the summaries first, and computes
iterations again only to name the exact one.
"""
