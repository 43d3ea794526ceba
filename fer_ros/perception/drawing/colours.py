"""The palette: the colour of each emotion in images and in RViz."""

from __future__ import annotations

from collections.abc import Sequence

from fer_ros.perception.emotions import UNCERTAIN

Colour = tuple[int, int, int]

# BGR. The colours can be distinguished on dark and on light backgrounds, also by colour-blind
# people. Source: Okabe and Ito 2008, https://jfly.uni-koeln.de/color. The blue of Okabe and Ito is
# too dark on a dark background, so the colour of sad is lighter.
COLOURS: dict[str, Colour] = {
    'angry': (0, 94, 213),
    'disgust': (115, 158, 0),
    'fear': (167, 121, 204),
    'happy': (66, 228, 240),
    'sad': (255, 125, 89),
    'surprise': (0, 159, 230),
    'neutral': (220, 220, 220),
    'contempt': (233, 180, 86),
    UNCERTAIN: (160, 160, 160),
}
OTHER_COLOUR: Colour = (255, 255, 255)
DARK: Colour = (24, 24, 24)
LIGHT: Colour = (245, 245, 245)


def colours_of(labels: Sequence[str]) -> dict[str, Colour]:
    """
    Assign a colour to each label, different from the others as long as there are enough colours.

    :param labels: labels with any names. A label that is not an emotion gets a colour that no
        other label uses.
    :return: the colour (BGR) of each label and of 'uncertain', by label.
    """
    spare = iter([colour for name, colour in COLOURS.items() if name not in labels])
    colours = {UNCERTAIN: COLOURS[UNCERTAIN]}
    for label in labels:
        colours[label] = COLOURS.get(label) or next(spare, OTHER_COLOUR)
    return colours
