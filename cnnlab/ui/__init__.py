"""The shell, and the parts that several pages share. This room never computes what a test could check without it."""
