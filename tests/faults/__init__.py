"""The fault harness: what the design promises, under every fault that could be thought of.

`zygote` runs the program as real processes in milliseconds, `killer` ends them at an exact step, `world`
holds a workspace with its servers and says what is true of it, `tally` counts. Each other module is one
kind of trouble; `python -m tests.faults` makes them all and writes the table of docs/reliability.md.
"""
