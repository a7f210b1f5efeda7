"""The data the course uses: digits, CIFAR-10 (or a drawn stand-in), cat scenes, samples, made-up tables.

Every loader of pictures returns uint8 images and says in ``source`` where they came from. None of them
imports TensorFlow.
"""

from notmagic.datasets.cat_scenes import (
    CatScenes,
    background_scene,
    cat_picture,
    cat_scenes,
    dog_picture,
    place_cat,
)
from notmagic.datasets.cifar10 import CLASS_NAMES, Cifar10, DatasetError, load_cifar10
from notmagic.datasets.digits import Digits, load_digits
from notmagic.datasets.houses import Houses, load_houses
from notmagic.datasets.samples import sample_images
from notmagic.datasets.toy import TOY_NAMES, toy_points

__all__ = [
    "CLASS_NAMES",
    "TOY_NAMES",
    "CatScenes",
    "Cifar10",
    "DatasetError",
    "Digits",
    "Houses",
    "background_scene",
    "cat_picture",
    "cat_scenes",
    "dog_picture",
    "load_cifar10",
    "load_digits",
    "load_houses",
    "place_cat",
    "sample_images",
    "toy_points",
]
