"""What is fast in gradstep, and against whom. See README.md; `python -m benchmarks` runs it."""
