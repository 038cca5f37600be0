"""A finished model answering for new pictures, through LiteRT. This room never imports TensorFlow."""
