"""The operations: a module for each family, a class for each operation. None is imported before a formula names it.

Operations that are made of others (`@composite`) stand in the module of their family too.
"""
