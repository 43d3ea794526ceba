"""
The names of the labels: recognise those of a data set, or map them as its user says.

People write the emotions in many ways (`joy`, `Suprise`, `3_happy`), and number them in the order
of one of several data sets.  A number is recognised only where no other order is possible or where
the data set names itself; a wrong order would train a network that is wrong without a sign.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
import difflib
from pathlib import PurePath
import re
import sys

import numpy as np

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from fer_ros.perception.quoting import quoted
from training.data.datasets import CKPLUS_LABELS
from training.data.datasets import DataError
from training.data.datasets import FaceData

# Other names of the emotions.
SYNONYMS = {
    'angry': ('anger', 'angriness', 'mad'),
    'disgust': ('disgusted', 'disgusting', 'disgustful'),
    'fear': ('fearful', 'scared', 'afraid', 'fright', 'frightened'),
    'happy': ('happiness', 'joy', 'joyful', 'glad'),
    'sad': ('sadness', 'unhappy', 'sorrow'),
    'surprise': ('surprised', 'surprising', 'astonished', 'astonishment'),
    'neutral': ('neutrality', 'normal', 'calm', 'noemotion'),
    'contempt': ('contemptuous',),
}
EMOTION_OF = {
    **{label: label for label in FERPLUS_LABELS},
    **{other: label for label, others in SYNONYMS.items() for other in others},
}

# The orders of the emotions in known data sets, from their first number on: FER2013 (Goodfellow et
# al. 2013), RAF-DB (Li et al. 2017), AffectNet (Mollahosseini et al. 2017).  AffectNet is also
# published without `contempt`.
NUMBERED: dict[str, tuple[int, tuple[str, ...]]] = {
    'fer2013': (0, FER2013_LABELS),
    'ferplus': (
        0,
        ('neutral', 'happy', 'surprise', 'sad', 'angry', 'disgust', 'fear', 'contempt'),
    ),
    'raf-db': (1, ('surprise', 'fear', 'disgust', 'happy', 'sad', 'angry', 'neutral')),
    'affectnet': (
        0,
        ('neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'angry', 'contempt'),
    ),
}

# Words in the path of a data set that name its order.
_NAMED = {
    'raf-db': re.compile(r'(?<![a-z])raf(?![a-z])|raf[-_ ]?db'),
    'affectnet': re.compile(r'affect[-_ ]?net'),
    'fer2013': re.compile(r'fer[-_ ]?2013|icml_face'),
}

# Words that are used beside the name of an emotion, for another label.
_LOOSE = {'calm', 'normal', 'noemotion', 'joy', 'joyful', 'glad', 'mad', 'scared', 'afraid'} | {
    *('fright', 'frightened', 'unhappy', 'sorrow', 'astonished', 'astonishment'),
}

# Misspelt names are recognised from this length on, and from this similarity on (`difflib`).
LEAST_LETTERS = 6
LEAST_SIMILARITY = 0.85

# Words that may follow an emotion in the name of a label, as in `happy_faces`; they are removed.
_AFTER = re.compile(r'(faces?|images?|expressions?|emotions?|pictures?)$')

MAPPING = '--labels 1=angry,2=happy (a name for each label)'


def name_labels(data: FaceData, labels: Sequence[str] = (), told: str = '') -> FaceData:
    """
    Name the labels of a data set by the emotions, as far as that is certain.

    :param data: pictures with the label names of their data set.
    :param labels: what the user says: nothing; the name of a data set of `NUMBERED`; a name for
        each label of the data, in its order; or pairs `label=name`, where labels without a pair
        are recognised.
    :param told: path of the data set, which may name its order.
    :return: the same pictures.  The labels are those of FER2013, CK+ or FER+, in their order, if
        they include all names; otherwise the names in alphabetical order.
    :raises DataError: if numbers have several possible meanings, or `labels` do not fit the data.
    """
    own = data.label_names
    given = _given(own, labels)
    names = {name: given.get(name) for name in own}
    rest = [name for name in own if names[name] is None]
    numbers = {name: _number(name) for name in rest}
    if rest and all(number is not None for number in numbers.values()):
        names |= _of_numbers({name: n for name, n in numbers.items() if n is not None}, told)
    else:
        names |= _of_words(rest)
    became = [str(names[name]) for name in own]
    _tell(dict(zip(own, became, strict=True)), given)
    return _renamed(data, became)


def recognise(name: str) -> str | None:
    """
    Recognise the name of an emotion, also if it is misspelt or has a number before it.

    :param name: name of a label.
    :return: one of `FERPLUS_LABELS`, or None.
    """
    letters = re.sub(r'[^a-z]', '', name.lower())
    for word in (letters, _AFTER.sub('', letters)):
        if word in EMOTION_OF:
            return EMOTION_OF[word]
    if len(letters) < LEAST_LETTERS:
        return None
    similar = difflib.get_close_matches(letters, EMOTION_OF, 1, LEAST_SIMILARITY)
    return EMOTION_OF[similar[0]] if similar and similar[0][0] == letters[0] else None


def order_named_by(path: str) -> str | None:
    """
    Find the data set that a path names.

    :param path: path of a data set; its last two folders count.
    :return: one of `NUMBERED`, or None.
    """
    words = '/'.join(PurePath(path).parts[-2:]).lower()
    return next((name for name, pattern in _NAMED.items() if pattern.search(words)), None)


def plain(name: str) -> str:
    """Return the name of a label that is no emotion, in small letters."""
    return name.strip().lower()


def _given(own: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Return the names that the user gives, keyed by the label."""
    if not labels:
        return {}
    if len(labels) == 1 and '=' not in labels[0]:
        return _by_data_set(own, labels[0])
    pairs = [label.split('=', 1) for label in labels if '=' in label]
    if not pairs:
        ordered = sorted(own, key=_natural)
        if len(labels) != len(own):
            raise DataError(
                f'--labels has {len(labels)} names, but the data has {len(own)} labels: '
                f'{_list(ordered)}'
            )
        return dict(zip(ordered, labels, strict=True))
    if len(pairs) < len(labels):
        raise DataError(f'--labels must have only names, or only pairs such as {MAPPING}')
    known = {name.strip().lower(): name for name in own}
    unknown = [label for label, _ in pairs if label.strip().lower() not in known]
    if unknown:
        raise DataError(
            f'--labels names {_list(unknown)}, but the labels of the data are {_list(own)}'
        )
    return {known[label.strip().lower()]: name.strip() for label, name in pairs}


def _by_data_set(own: Sequence[str], name: str) -> dict[str, str]:
    """Return the names of numbers in the order of a known data set."""
    if name not in NUMBERED:
        raise DataError(
            f'--labels is {quoted(name)}, but must be one of {", ".join(NUMBERED)}, or {MAPPING}'
        )
    first, order = NUMBERED[name]
    named = {}
    for label in own:
        number = _number(label)
        if number is None or not first <= number < first + len(order):
            raise DataError(
                f'--labels is {name}, which numbers its labels from {first} to '
                f'{first + len(order) - 1}, but the data has the label {quoted(label)}'
            )
        named[label] = order[number - first]
    return named


def _of_numbers(numbers: Mapping[str, int], told: str) -> dict[str, str]:
    """Name labels that are numbers, or refuse them."""
    low, high = min(numbers.values()), max(numbers.values())
    fitting = {
        name: order
        for name, (first, order) in NUMBERED.items()
        if first <= low and high < first + len(order)
    }
    named = order_named_by(told)
    if named is None and low == 0 and high <= len(FER2013_LABELS) - 1:
        named = 'fer2013'
    if named in fitting:
        first, order = NUMBERED[named]
        return {label: order[number - first] for label, number in numbers.items()}
    shifted = high - low == len(FER2013_LABELS) - 1 and low in (-1, 1)
    hint = (
        'the numbers of FER2013 are 0 to 6, so the labels may be shifted by one: '
        f'--labels {",".join(FER2013_LABELS)}'
        + ('; or they are those of RAF-DB: --labels raf-db' if 'raf-db' in fitting else '')
        if shifted
        else f'give a data set with --labels ({", ".join(fitting) or "none fits"}), or {MAPPING}'
    )
    raise DataError(
        f'the labels are the numbers {_list(sorted(numbers, key=_natural))}, whose meaning is not '
        f'certain; {hint}'
    )


def _of_words(words: Sequence[str]) -> dict[str, str]:
    """Name labels that are words."""
    names = {word: recognise(word) for word in words}
    count = Counter(names.values())
    return {
        # `calm` beside `neutral` is a label of its own.
        word: plain(word) if name is None or (count[name] > 1 and plain(word) in _LOOSE) else name
        for word, name in names.items()
    }


def _renamed(data: FaceData, became: Sequence[str]) -> FaceData:
    """Rename the labels, merge those of one name, and order them."""
    found = set(became)
    known = (CKPLUS_LABELS,) if str(data.source[0]).startswith('ckplus/') else ()
    names = next(
        (order for order in (*known, FER2013_LABELS, FERPLUS_LABELS) if found <= set(order)),
        tuple(sorted(found)),
    )
    number = np.array([names.index(name) for name in became])
    return replace(data, labels=number[data.labels], label_names=names)


def _tell(became: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Report labels whose meaning was recognised and is not obvious."""
    taken = [
        f'{quoted(label)} as {name}'
        for label, name in sorted(became.items(), key=lambda pair: _natural(pair[0]))
        if label not in given and name not in label.lower() and label.lower() not in EMOTION_OF
    ]
    if taken:
        print(
            f'labels taken: {", ".join(taken)}; set others with --labels LABEL=NAME',
            file=sys.stderr,
        )


def _number(name: str) -> int | None:
    """Return the number that a label is, or None."""
    match = re.fullmatch(r'\s*(-?\d{1,3})(\.0*)?\s*', name)
    return int(match[1]) if match else None


def _natural(name: str) -> tuple[int, str]:
    """Return a sort key that orders numbers by value."""
    number = _number(name)
    return (-1000 if number is None else number), name


def _list(names: Sequence[str], most: int = 12) -> str:
    """List names for a message."""
    listed = ', '.join(quoted(name, 30) for name in names[:most])
    return listed + (', …' if len(names) > most else '')
