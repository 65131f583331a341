"""What rules see in a run, and what they say of it.

A rule is one function in one of these modules, under `@rule` with its name, where its threshold is from and what that
is by default; and it stands in the `RULES` of `iteration`, in the order in which findings are told. Thresholds are
ratios, so that they mean the same in a network of nine weights and in one of millions. `rules` says what a rule is.
Rules about a whole training lie where its iterations are kept, in the room `history`.
"""
