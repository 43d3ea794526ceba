"""The stage that measures head pose, gaze and attention of all faces."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import math

import numpy as np

from fer_ros.perception.attention.decision import attention_scores
from fer_ros.perception.attention.decision import AttentionDecider
from fer_ros.perception.attention.decision import GAZE
from fer_ros.perception.attention.decision import HEAD
from fer_ros.perception.attention.decision import ROUGH_HEAD
from fer_ros.perception.attention.eyes import gaze_of
from fer_ros.perception.attention.eyes import is_mouth_open
from fer_ros.perception.attention.eyes import is_seen
from fer_ros.perception.attention.eyes import OPEN_EYE
from fer_ros.perception.attention.face_model import CORNERS
from fer_ros.perception.attention.face_model import load_face_model
from fer_ros.perception.attention.face_model import SIXTY_EIGHT
from fer_ros.perception.attention.fit import sight_rotation
from fer_ros.perception.attention.fit import turned_rays
from fer_ros.perception.attention.head_pose import head_pose
from fer_ros.perception.attention.head_pose import rough_pose
from fer_ros.perception.attention.landmarks import FollowedFace
from fer_ros.perception.attention.landmarks import Networks
from fer_ros.perception.attention.networks import EyeNetwork
from fer_ros.perception.attention.networks import FaceNetwork
from fer_ros.perception.attention.one_euro import OneEuroFilter
from fer_ros.perception.faces import Attention
from fer_ros.perception.faces import HeadPose
from fer_ros.perception.faces import Sighting
from fer_ros.perception.rotation import turn_points_back
from fer_ros.perception.settings import Settings
from fer_ros.perception.space.camera_model import assumed_camera
from fer_ros.perception.space.camera_model import CameraModel

# The landmarks of each face are renewed at least once in this time, if frames come often enough
# [s]. The largest face is renewed in each frame.
RENEWAL = 0.095

# Minimum size of a face for landmarks, the shorter side of its box [px].
LEAST_FACE = 30.0

# The filter of the gaze, in Hz, Hz per unit vector and second, and Hz.
GAZE_SMOOTHING = (1.0, 4.0, 6.0)

# Weight of a new frame period in the average of periods.
PERIOD_WEIGHT = 0.2


@dataclass
class _Person:
    """What is remembered of one person."""

    followed: FollowedFace = field(default_factory=FollowedFace)
    decider: AttentionDecider = field(default_factory=AttentionDecider)
    gaze_filter: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(*GAZE_SMOOTHING))


class AttentionWatcher:
    """Measure head pose, gaze and attention of all faces."""

    def __init__(self) -> None:
        """
        Load the networks.

        :raises SettingError: if the networks are missing, or cannot run here.
        """
        self._networks = Networks(FaceNetwork(), EyeNetwork())
        self._model = load_face_model()
        self._people: dict[int, _Person] = {}
        self._time: float | None = None
        self._period = 0.0

    def update(
        self,
        image: np.ndarray,
        sightings: Sequence[Sighting],
        tracks: Collection[int],
        time: float,
        settings: Settings,
        camera: CameraModel | None,
    ) -> dict[int, Attention]:
        """
        Measure all faces of an image.

        :param image: (H, W, 3) uint8, BGR, upright.
        :param sightings: the faces in this image.
        :param tracks: numbers of all tracks; others are forgotten.
        :param time: time of the image in seconds.
        :param settings: settings for this image.
        :param camera: projection of the camera's image, which is not turned upright; None to
            assume one.
        :return: the attention of each face, by the number of its track.
        """
        self._people = {track: self._people.get(track) or _Person() for track in tracks}
        if self._time is not None:
            elapsed = time - self._time
            weight = PERIOD_WEIGHT if self._period else 1.0
            self._period += weight * (elapsed - self._period)
        self._time = time
        height, width = image.shape[:2]
        size = (height, width) if settings.rotation in (0, 180) else (width, height)
        view = _View(camera or assumed_camera(size), settings.rotation, size)
        due = self._due(sightings, time)
        attentions = {}
        for sighting in sightings:
            followed = self._people[sighting.track].followed
            if sighting.track in due:
                followed.renew(image, sighting.face, time, self._networks)
            else:
                followed.shift(sighting.face)
            attentions[sighting.track] = self._measure(sighting, view, time, settings)
        return attentions

    def landmarks_of(self, track: int) -> np.ndarray | None:
        """
        Return the smoothed landmarks of a face.

        :param track: number of its track.
        :return: (468, 2) float64, pixels of the upright image; None if they were not located.
        """
        person = self._people.get(track)
        return None if person is None else person.followed.landmarks

    @property
    def renewed(self) -> list[int]:
        """Return the tracks of the faces whose landmarks were renewed in the last image."""
        people = self._people.items()
        return [track for track, person in people if person.followed.renewed == self._time]

    def _due(self, sightings: Sequence[Sighting], time: float) -> set[int]:
        """
        Choose the faces whose landmarks are renewed in this frame.

        The largest face is always renewed. The time of the others is shared equally.
        """
        large = [
            (sighting.face.width * sighting.face.height, sighting.track)
            for sighting in sightings
            if min(sighting.face.width, sighting.face.height) >= LEAST_FACE
        ]
        if not large:
            return set()
        large.sort(reverse=True)
        (_, largest), *others = large
        count = max(1, math.ceil(len(others) * self._period / RENEWAL))
        # The sort is stable: of equally old faces, the largest comes first.
        others.sort(key=lambda one: self._people[one[1]].followed.renewed)
        return {largest, *(track for _, track in others[:count])}

    def _measure(
        self, sighting: Sighting, view: _View, time: float, settings: Settings
    ) -> Attention:
        """Compute the pose and the gaze of a face, and decide its attention."""
        person, limit = self._people[sighting.track], math.radians(settings.attention_angle)
        followed = person.followed
        too_small = min(sighting.face.width, sighting.face.height) < LEAST_FACE
        landmarks = None if too_small else followed.landmarks
        if landmarks is None:
            head = rough_pose(sighting.face, view.rays)
            angle = None if head is None else head.angles.off_camera
            state = person.decider.update(angle, limit, time, settings.hold)
            return Attention(state, attention_scores(angle, ROUGH_HEAD, limit), head)
        head = head_pose(self._model, view.rays(landmarks[self._model.fitted]))
        openings = [eye.opening for eye in followed.eyes.values()]
        eyes_open = bool(np.mean(openings) >= OPEN_EYE) if openings else None
        gaze_seen = self._gaze(person, head, view, time) if eyes_open else None
        angle, evidence = head.angles.off_camera, HEAD
        gaze = None
        if gaze_seen is not None:
            angle, evidence = math.acos(max(-1.0, min(1.0, -float(gaze_seen[2])))), GAZE
            gaze = sight_rotation(head.position.point[:2] / head.position.point[2]) @ gaze_seen
        elif eyes_open is False:
            # Nobody looks with closed eyes. A blink is shorter than the hold time.
            angle, evidence = math.inf, GAZE
        assert followed.unsmoothed is not None
        return Attention(
            person.decider.update(angle, limit, time, settings.hold),
            attention_scores(angle, evidence, limit),
            head,
            gaze,
            self._seventy(followed, landmarks, view),
            eyes_open,
            is_mouth_open(followed.unsmoothed),
        )

    def _gaze(
        self, person: _Person, head: HeadPose, view: _View, time: float
    ) -> np.ndarray | None:
        """
        Compute the smoothed gaze of both eyes, as seen along the line to the face.

        :return: (3,) float64, a unit vector; None if no eye is seen well enough.
        """
        gazes = []
        for left, eye in person.followed.eyes.items():
            corners = self._model.points[CORNERS[2:] if left else CORNERS[:2]]
            place = head.rotation @ corners.mean(axis=0) + head.position.point
            sight = sight_rotation(place[:2] / place[2])
            rotation = sight.T @ head.rotation
            if eye.opening < OPEN_EYE or not is_seen(left, rotation):
                continue
            iris, middle = turned_rays(view.rays(np.stack([eye.iris, eye.middle])), sight)
            distance = float(np.linalg.norm(place))
            gazes.append(gaze_of((iris - middle) * distance, left, rotation))
        if not gazes:
            return None
        smoothed = person.gaze_filter.update(np.mean(gazes, axis=0), time)
        unit: np.ndarray = smoothed / np.linalg.norm(smoothed)
        return unit

    def _seventy(self, followed: FollowedFace, landmarks: np.ndarray, view: _View) -> np.ndarray:
        """Return the landmarks of hri_msgs: (70, 2) float32, pixels of the camera's image."""
        pupils = np.full((2, 2), np.nan)
        for left, eye in followed.eyes.items():
            pupils[int(left)] = eye.iris
        points = np.concatenate([landmarks[SIXTY_EIGHT], pupils])
        return np.asarray(view.pixels(points), np.float32)


@dataclass(frozen=True)
class _View:
    """
    The camera of an image that was turned upright.

    :param camera: projection of the camera's image.
    :param rotation: clockwise rotation of the camera in degrees.
    :param size: (height, width) of the camera's image in pixels.
    """

    camera: CameraModel
    rotation: int
    size: tuple[int, int]

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Convert (N, 2) points of the upright image to pixels of the camera's image."""
        return turn_points_back(points, self.rotation, self.size)

    def rays(self, points: np.ndarray) -> np.ndarray:
        """Convert (N, 2) points of the upright image to directions, (x / z, y / z)."""
        # The camera model counts from the middle of the first pixel.
        return self.camera.rays(self.pixels(points) - 0.5)
