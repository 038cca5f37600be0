"""Networks: their tables, their arithmetic without TensorFlow, and how Keras builds them.

Tables and arithmetic import nothing heavy; Keras is imported inside the functions that build. This
room never trains anything and never reads a dataset.
"""
