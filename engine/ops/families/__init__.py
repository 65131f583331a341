"""The operations: a module for each family, a class for each operation."""
