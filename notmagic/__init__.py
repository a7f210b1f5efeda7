"""Not Magic: the package behind a course on how neural networks recognise images.

Importing it loads neither TensorFlow nor matplotlib; each submodule imports what it needs.
"""

__version__ = "0.1.0"
