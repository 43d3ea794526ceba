"""
Crop the largest face of each picture for training.

`python3 examples/crop_faces.py PICTURES FACES` reads `PICTURES/<label>/*` and writes gray faces of
48x48 pixels to `FACES/<label>/`. The eyes have the same positions as in the crops of the node.
"""

from pathlib import Path
import sys

import cv2

from fer_ros.perception import Settings
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.alignment import FER2013_CROP
from fer_ros.perception.detection.choice import create_detector

SIDE = 48

settings = Settings()
detector = create_detector(settings.detector, settings.detector_model)
pictures, faces = Path(sys.argv[1]), Path(sys.argv[2])
for path in sorted(pictures.glob('*/*')):
    image = cv2.imread(str(path))
    found = []
    if image is not None:
        found = detector.detect(image, settings.min_face_score, settings.min_face_size)
    if not found:
        print(f'no face in {path}')
        continue
    largest = max(found, key=lambda face: face.box[2] - face.box[0])
    crop = align_face(image, largest.eyes, FER2013_CROP, SIDE, SIDE)
    target = faces / path.parent.name / f'{path.stem}.png'
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY))
