"""
Spread the search for faces over the images of a stream.

Each image is searched around the known faces, in a coarse view for large new faces, and in one
part of the fine view for small new faces. So each part of the image is searched at full detail
within a given time, and no image takes much longer than the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.search import search_views
from fer_ros.perception.detection.views import NearDetector
from fer_ros.perception.detection.views import View
from fer_ros.perception.detection.views import ViewDetector
from fer_ros.perception.detection.views import Views
from fer_ros.perception.faces import FaceDetection
from fer_ros.perception.settings import Settings

# A part is searched now if its time would end before this fraction of the next period.
EARLY = 0.75
# Rounding of the number of parts that an image searches.
ROUNDING = 0.1


class SearchPlan:
    """Decides which views of each image are searched. It depends only on images and times."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Search the whole next image, because it belongs to another camera or scene."""
        # Height and width of the images, and size of the smallest wanted face [px].
        self._made_for: tuple[int, int, float] | None = None
        self._views: Views | None = None
        # Time of the last search, and of the last search of each part [s].
        self._time = 0.0
        self._searched: list[float] = []
        # Number of parts that may be searched in the next image to keep an even pace.
        self._credit = 0.0

    def search(
        self,
        detector: Detector,
        image: np.ndarray,
        time: float,
        known: Sequence[FaceDetection],
        settings: Settings,
    ) -> list[FaceDetection]:
        """
        Search an image for faces.

        :param detector: the detector.
        :param image: (H, W, 3) uint8 BGR image.
        :param time: time of the image in seconds; later than the time of the last image.
        :param known: the known faces at their expected places. They are searched in each image.
        :param settings: settings for this image.
        :return: the faces that were found, best first.
        """
        if isinstance(detector, ViewDetector) and settings.search_time > 0:
            views = self._choose(detector, image, time, known, settings)
            found = None
            if views is not None:
                found = search_views(detector, image, views, known, settings)
            if found is not None:
                return found
            self._searched = [time] * len(self._searched)
            self._credit = 0.0
        else:
            self.restart()
        return detector.detect(image, settings.min_face_score, settings.min_face_size)

    def _choose(
        self,
        detector: ViewDetector,
        image: np.ndarray,
        time: float,
        known: Sequence[FaceDetection],
        settings: Settings,
    ) -> list[View] | None:
        """Choose the views of an image, without those around known faces; None for the whole."""
        height, width = image.shape[:2]
        made_for = height, width, settings.min_face_size
        elapsed, self._time = time - self._time, time
        if self._made_for != made_for:
            self._made_for = made_for
            self._views = detector.views(height, width, settings.min_face_size)
            self._searched = [time] * len(self._views.parts) if self._views else []
            return None
        if self._views is None or elapsed >= settings.search_time:
            return None
        chosen = set(self._parts(time, elapsed, settings.search_time))
        if not isinstance(detector, NearDetector):
            chosen |= _showing(known, self._views, height, width)
        if len(chosen) == len(self._searched):
            return None
        for number in chosen:
            self._searched[number] = time
        return [self._views.coarse, *(self._views.parts[number] for number in sorted(chosen))]

    def _parts(self, time: float, elapsed: float, search_time: float) -> list[int]:
        """Choose the parts to search: those whose time ends, and enough to keep the pace."""
        count = len(self._searched)
        self._credit += count * elapsed / search_time
        soon = time + EARLY * elapsed
        late = sum(searched + search_time < soon for searched in self._searched)
        chosen = min(count, max(late, int(self._credit + ROUNDING)))
        self._credit = max(self._credit - chosen, -1.0)
        return sorted(range(count), key=self._searched.__getitem__)[:chosen]


def _showing(faces: Sequence[FaceDetection], views: Views, height: int, width: int) -> set[int]:
    """
    Choose the parts that show those faces that the coarse view does not show.

    :param faces: faces at their expected places.
    :param views: the views of the image.
    :param height: height of the image in pixels.
    :param width: width of the image in pixels.
    :return: numbers of the parts.
    """
    return {
        number
        for face in faces
        if not views.coarse.must_find(face.box, height, width)
        for number, part in enumerate(views.parts)
        if part.must_find(face.box, height, width)
    }
