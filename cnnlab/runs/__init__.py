"""What is remembered of a run: its folder, the index over folders, the queue, and where workers run.

The folder of a run is the truth; the index can be made again from folders at any time. This room
never imports TensorFlow and never looks at a picture.
"""
