"""From somebody's files to batches: intake, checks, splits, packed pictures.

User bytes are decoded in a child process with limits, never in the server. This room never knows
what network will see the pictures.
"""
