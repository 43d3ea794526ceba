"""
Check the XML file of a Haar cascade, and write it again from the checked values.

OpenCV does not check the indices in a cascade. With a wrong index, a later detection would read
beyond the end of an array. Therefore this module parses the file, and OpenCV only receives text
with checked values.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
import re
from xml.etree import ElementTree

# Minimum and maximum side of a cascade's window in pixels. The windows of OpenCV's cascades have
# sides of 20 to 64 pixels.
SIDES = (8, 128)
# Limits of a cascade. The largest cascade of OpenCV has 30 stages, 4000 trees and 3000 features.
MOST_STAGES = 100
MOST_TREES = 20_000
MOST_NODES = 64
MOST_FEATURES = 20_000
# Minimum and maximum number of rectangles of a feature. A feature is a weighted sum of the pixels
# in its rectangles.
RECTANGLES = (2, 3)
# Limit of thresholds, leaf values and weights. In OpenCV's cascades, all of these numbers are
# below 1000.
LARGEST_NUMBER = 1e6

_INTEGER = re.compile(r'-?[0-9]{1,6}')
_NUMBER = re.compile(r'-?[0-9]{1,12}(\.[0-9]{0,24})?([eE][-+]?[0-9]{1,2})?')


class CascadeError(ValueError):
    """Raised if a file is not a Haar cascade of OpenCV, or has an index out of bounds."""


def checked_cascade(content: bytes) -> str:
    """
    Check a cascade, and write it again from the checked values.

    :param content: content of the XML file.
    :return: XML for `cv2.FileStorage`, with the same values.
    :raises CascadeError: if the file is not a well-formed cascade of Haar features in boosted
        trees, or if a count, index, rectangle or number is out of bounds.
    """
    if b'<!DOCTYPE' in content or b'<!ENTITY' in content:
        raise CascadeError('the file declares a document type or entities')
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise CascadeError(f'the file is not XML ({error})') from error
    found = root.find('cascade')
    if found is None or found.get('type_id') != 'opencv-cascade-classifier':
        raise CascadeError('the file has no cascade of the type opencv-cascade-classifier')
    for name, expected in (('stageType', 'BOOST'), ('featureType', 'HAAR')):
        if _text(found, name) != expected:
            raise CascadeError(f'{name} is not {expected}')
    if _integer(_text(found, 'featureParams/maxCatCount')) != 0:
        raise CascadeError('maxCatCount is not 0')
    width, height = (_integer(_text(found, side)) for side in ('width', 'height'))
    if not all(SIDES[0] <= side <= SIDES[1] for side in (width, height)):
        raise CascadeError(
            f'the window is {width}x{height}, but each side must be from {SIDES[0]} to {SIDES[1]}'
        )
    features = [_feature(one, width, height) for one in _items(found, 'features', MOST_FEATURES)]
    stages = [_stage(one, len(features)) for one in _items(found, 'stages', MOST_STAGES)]
    count = sum(len(trees) for _, trees in stages)
    if count > MOST_TREES:
        raise CascadeError(f'the cascade has {count} trees, but at most {MOST_TREES} are allowed')
    return _written(width, height, stages, features)


# A tree: the numbers of its internal nodes and the values of its leaves, each as text.
Tree = tuple[str, str]
# A stage: its threshold and its trees.
Stage = tuple[str, list[Tree]]
# A feature: its rectangles, and '1' if they are rotated by 45 degrees, else '0'.
Feature = tuple[list[str], str]


def _stage(element: ElementTree.Element, features: int) -> Stage:
    """Check a stage of a cascade that has a given number of features."""
    (threshold,) = _numbers(_text(element, 'stageThreshold'), 1)
    trees = [_tree(one, features) for one in _items(element, 'weakClassifiers', MOST_TREES)]
    return threshold, trees


def _tree(element: ElementTree.Element, features: int) -> Tree:
    """
    Check the nodes and the leaves of a tree.

    Each node has four numbers: left child, right child, feature and threshold. A positive child is
    the index of a node. A child of 0 or below is the negative index of a leaf.
    """
    words = _text(element, 'internalNodes').split()
    ends = range(4, len(words) + 4, 4)
    nodes = [words[begin:end] for begin, end in zip(range(0, len(words), 4), ends, strict=True)]
    if not 1 <= len(nodes) <= MOST_NODES or len(nodes[-1]) != 4:
        raise CascadeError(
            f'the nodes of a tree have {len(words)} numbers, but each node must have 4'
        )
    for index, (left, right, feature, threshold) in enumerate(nodes):
        for child in (_integer(left), _integer(right)):
            # A child must be a later node, because the evaluation of a loop would never end.
            if not (index < child < len(nodes) or -len(nodes) <= child <= 0):
                raise CascadeError(
                    f'node {index} of a tree has the child {child}, which does not exist'
                )
        if not 0 <= _integer(feature) < features:
            raise CascadeError(
                f'a tree uses feature {feature}, but the features have the numbers 0 to '
                f'{features - 1}'
            )
        _numbers(threshold, 1)
    leaves = _numbers(_text(element, 'leafValues'), len(nodes) + 1)
    return ' '.join(words), ' '.join(leaves)


def _feature(element: ElementTree.Element, width: int, height: int) -> Feature:
    """Check that the rectangles of a feature are inside a window of a given size in pixels."""
    tilted = '0' if element.find('tilted') is None else _text(element, 'tilted')
    if tilted not in ('0', '1'):
        raise CascadeError(f'tilted of a feature is {tilted[:20]!r}, but must be 0 or 1')
    rectangles = []
    for one in _items(element, 'rects', RECTANGLES[1]):
        words = (one.text or '').split()
        if len(words) != 5:
            raise CascadeError(f'a rectangle has {len(words)} numbers, not 5')
        left, top, across, down = (_integer(word) for word in words[:4])
        _numbers(words[4], 1)
        least, right, bottom = left, left + across, top + down
        if tilted == '1':
            least, right, bottom = left - down, left + across, top + across + down
        if min(least, top) < 0 or min(across, down) < 1:
            raise CascadeError(f'a rectangle begins outside the window: {" ".join(words)}')
        if right > width or bottom > height:
            raise CascadeError(f'a rectangle ends outside the window: {" ".join(words)}')
        rectangles.append(' '.join(words))
    if len(rectangles) < RECTANGLES[0]:
        raise CascadeError(
            f'the number of rectangles of a feature is {len(rectangles)}, but must be 2 or 3'
        )
    return rectangles, tilted


def _items(element: ElementTree.Element, name: str, most: int) -> Sequence[ElementTree.Element]:
    """Read a list of elements with the name `_`, with at least one and at most `most` entries."""
    found = element.find(name)
    items = [] if found is None else list(found)
    if not 1 <= len(items) <= most or any(item.tag != '_' for item in items):
        raise CascadeError(f'{name} is not a list of 1 to {most} entries')
    return items


def _text(element: ElementTree.Element, name: str) -> str:
    """Read the text of an element inside another element."""
    found = element.find(name)
    if found is None or len(found) or not found.text or not found.text.strip():
        raise CascadeError(f'the element {name} is missing or empty')
    return found.text.strip()


def _integer(word: str) -> int:
    """Convert text to an integer of at most 6 digits."""
    if not _INTEGER.fullmatch(word):
        raise CascadeError(f'{word[:20]!r} is not an integer of at most 6 digits')
    return int(word)


def _numbers(text: str, count: int) -> list[str]:
    """Split text into numbers, and check their count and range."""
    words = text.split()
    if len(words) != count:
        raise CascadeError(f'{text[:20]!r} has {len(words)} numbers, not {count}')
    for word in words:
        if not _NUMBER.fullmatch(word) or abs(float(word)) > LARGEST_NUMBER:
            raise CascadeError(f'{word[:20]!r} is not a number up to {LARGEST_NUMBER:g}')
    return words


def _written(width: int, height: int, stages: Iterable[Stage], features: Iterable[Feature]) -> str:
    """Return the XML text of a cascade in the format of OpenCV."""
    parts = [
        '<?xml version="1.0"?>\n<opencv_storage>\n'
        '<cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType>'
        f'<featureType>HAAR</featureType><height>{height}</height><width>{width}</width>'
        '<featureParams><maxCatCount>0</maxCatCount></featureParams>\n<stages>\n'
    ]
    for threshold, trees in stages:
        parts.append(f'<_><stageThreshold>{threshold}</stageThreshold><weakClassifiers>\n')
        parts += [
            f'<_><internalNodes>{nodes}</internalNodes><leafValues>{leaves}</leafValues></_>\n'
            for nodes, leaves in trees
        ]
        parts.append('</weakClassifiers></_>\n')
    parts.append('</stages>\n<features>\n')
    for rectangles, tilted in features:
        listed = ''.join(f'<_>{rectangle}</_>' for rectangle in rectangles)
        parts.append(f'<_><rects>{listed}</rects><tilted>{tilted}</tilted></_>\n')
    parts.append('</features></cascade>\n</opencv_storage>\n')
    return ''.join(parts)
