"""Print the emotions of the faces in a picture file: `python3 examples/without_ros.py PICTURE`."""

import sys

import cv2

from fer_ros.perception import load_pipeline
from fer_ros.perception import Settings

settings = Settings()
pipeline = load_pipeline(settings)
result = pipeline.process(cv2.imread(sys.argv[1]), stamp=0.0, settings=settings)
for face in result.faces:
    probabilities = face.probabilities.round(2).tolist()
    print(face.emotion, dict(zip(result.labels, probabilities, strict=True)))
