"""What a run will take, before it starts, and at which rates it may learn: estimates, and the trials that they rest on.

An estimate needs no TensorFlow; a trial is a process of its own. Nothing here carries a run.
"""
