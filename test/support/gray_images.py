"""Images with a single gray level, which identifies each image in a test."""

from itertools import islice

import cv2
import numpy as np


def gray(level, width=64, height=48):
    """Create an image of one gray level, (height, width, 3) uint8."""
    return np.full((height, width, 3), level, np.uint8)


def write(path, image):
    """Write a picture file, and return its path."""
    assert cv2.imwrite(str(path), image)
    return path


def images_of(source, count=100):
    """Return the first images of a source without their periods."""
    return [image for image, _ in islice(source, count)]


def levels_of(images):
    """Return the rounded mean gray level of each image."""
    return [round(float(image.mean())) for image in images]
