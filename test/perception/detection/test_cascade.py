import random
import re

import cv2
import numpy as np
import pytest

from fer_ros.perception.detection.candidates import DetectorError
from fer_ros.perception.detection.cascade import CascadeError
from fer_ros.perception.detection.cascade import checked_cascade
from fer_ros.perception.detection.haar import HaarDetector
from photographs import data_path
from photographs import photograph

NAME = 'facedet/haarcascade_frontalface_default.xml'

# A stage with one tree of two nodes, and a tilted feature.
CASCADE = """<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier">
<stageType>BOOST</stageType><featureType>HAAR</featureType><height>20</height><width>24</width>
<featureParams><maxCatCount>0</maxCatCount></featureParams>
<stages><_><stageThreshold>-5.0e-01</stageThreshold><weakClassifiers>
<_><internalNodes>1 0 0 -3.2e-02 -1 -2 1 1.</internalNodes><leafValues>2.1 -2.2 3</leafValues></_>
</weakClassifiers></_></stages>
<features><_><rects><_>6 4 12 9 -1.</_><_>6 7 12 3 3.</_></rects></_>
<_><rects><_>8 2 5 4 -1.</_><_>8 2 5 2 2.</_></rects><tilted>1</tilted></_></features>
</cascade></opencv_storage>"""

needs_cascades = pytest.mark.skipif(
    not hasattr(cv2, 'CascadeClassifier'), reason='this OpenCV has no cascades'
)


def test_a_cascade_with_trees_and_tilted_features_passes():
    text = checked_cascade(CASCADE.encode())

    assert '<internalNodes>1 0 0 -3.2e-02 -1 -2 1 1.</internalNodes>' in text
    assert '<_>8 2 5 4 -1.</_><_>8 2 5 2 2.</_></rects><tilted>1</tilted>' in text


@pytest.mark.parametrize(
    ('found', 'changed', 'reason'),
    [
        ('internalNodes>1 0', 'internalNodes>2 0', 'child 2, which does not exist'),
        ('internalNodes>1 0', 'internalNodes>1 -3', 'child -3, which does not exist'),
        # A loop in a tree would never end.
        ('-1 -2 1 1.', '1 -2 1 1.', 'node 1 of a tree has the child 1'),
        ('-1 -2 1 1.', '-1 -2 2 1.', 'feature 2, but the features have the numbers 0 to 1'),
        ('-1 -2 1 1.', '-1 -2 -1 1.', 'feature -1, but the features have the numbers 0 to 1'),
        ('-1 -2 1 1.', '-1 -2 1', 'nodes of a tree have 7 numbers'),
        ('2.1 -2.2 3', '2.1 -2.2', '2 numbers, not 3'),
        ('2.1 -2.2 3', '2.1 -2.2 nan', 'not a number'),
        ('2.1 -2.2 3', '2.1 -2.2 1e99', 'not a number up to'),
        ('6 4 12 9 -1.', '13 4 12 9 -1.', 'ends outside the window'),
        ('6 4 12 9 -1.', '6 12 12 9 -1.', 'ends outside the window'),
        ('6 4 12 9 -1.', '-1 4 12 9 -1.', 'begins outside the window'),
        ('6 4 12 9 -1.', '6 4 12 0 -1.', 'begins outside the window'),
        ('8 2 5 4 -1.', '3 2 5 4 -1.', 'begins outside the window'),
        ('8 2 5 4 -1.', '8 14 5 4 -1.', 'ends outside the window'),
        ('6 4 12 9 -1.', '6 4 12 9', '4 numbers, not 5'),
        ('6 4 12 9 -1.', '6 4 12 9999999 -1.', 'not an integer'),
        ('<_>6 7 12 3 3.</_>', '', 'rectangles of a feature is 1, but must be 2 or 3'),
        ('<_>6 7 12 3 3.</_>', '<_>6 7 12 3 3.</_>' * 3, 'rects is not a list of 1 to 3'),
        ('<tilted>1<', '<tilted>2<', 'must be 0 or 1'),
        ('<width>24<', '<width>9999<', 'window is 9999x20'),
        ('<maxCatCount>0<', '<maxCatCount>256<', 'maxCatCount is not 0'),
        ('HAAR', 'LBP', 'featureType is not HAAR'),
        ('opencv-cascade-classifier', 'opencv-haar-classifier', 'no cascade of the type'),
        ('-5.0e-01', '', 'stageThreshold is missing or empty'),
        ('<opencv', '<!DOCTYPE a><opencv', 'document type'),
        ('</stages>', '', 'not XML'),
    ],
)
def test_a_cascade_with_a_wrong_number_is_refused(found, changed, reason):
    assert CASCADE.count(found) == 1 or found in ('<opencv', '</stages>')

    with pytest.raises(CascadeError, match=reason):
        checked_cascade(CASCADE.replace(found, changed, 1).encode())


@needs_cascades
def test_the_cascade_written_anew_finds_the_same_faces():
    path = data_path(NAME)
    theirs = cv2.CascadeClassifier(str(path))
    gray = cv2.cvtColor(photograph('dlib/2007_007763.jpg'), cv2.COLOR_BGR2GRAY)

    ours = HaarDetector(path)._cascade

    found = ours.detectMultiScale(gray)
    assert len(found)
    # The order is arbitrary, because OpenCV uses several threads.
    assert sorted(found.tolist()) == sorted(theirs.detectMultiScale(gray).tolist())


@needs_cascades
@pytest.mark.parametrize('seed', range(4))
def test_a_mutated_cascade_is_refused_or_runs(accepted, tmp_path, seed):
    random_numbers = random.Random(seed)
    content = data_path(NAME).read_bytes()
    digits = [found.start() for found in re.finditer(rb'[0-9]', content)]
    changed = bytearray(content)
    for place in random_numbers.sample(digits[100:], 8):
        changed[place] = random_numbers.choice(b'0123456789')
    weights = tmp_path / 'mutant.xml'
    weights.write_bytes(changed)

    try:
        detector = HaarDetector(weights)
    except DetectorError:
        return
    detector.detect(np.full((480, 640, 3), 99, np.uint8), 0.3, 24)
