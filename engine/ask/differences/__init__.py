"""Is a gradient right? Finite differences of the loss, for one number or for all.

All of it in float64, whatever the scenario's dtype: a difference of two float32 losses has too few
digits left to judge anything. Only what depends on a number is computed again.
"""
