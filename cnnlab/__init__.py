"""cnnlab: a training dashboard for convolutional neural networks, in the browser.

All the logic lives in the rooms of this package; `app.py` and `pages/` only show it. Importing
`cnnlab` imports nothing else: a page that lists backbones must not wait for TensorFlow.
"""

__version__ = "0.1.0"
