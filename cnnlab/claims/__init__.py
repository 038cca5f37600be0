"""The lesson's statements as experiments: one file a claim, each with settings, a measured answer and what it means.

An experiment runs in a process of its own, on generated shapes, digits or the user's own dataset; what
it measured is kept with its settings. Nothing here draws, and nothing here answers without measuring.
"""
