"""
Measure the cost of the pipeline beyond its two networks: `python -m benchmark pipeline`.

The bare calls are OpenCV's YuNet class and LiteRT's interpreter. YuNet receives the image scaled
like in the package, and the input of LiteRT is already set. The kernels alone are both networks on
LiteRT, as the package runs them. All are measured in turns, frame by frame.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import os
from statistics import median
from typing import Any

import numpy as np

from benchmark.costs.bare import bare_detector
from benchmark.costs.bare import bare_kernels
from benchmark.costs.bare import bare_network
from benchmark.costs.bare import faces_for
from benchmark.costs.bare import THREADS
from benchmark.costs.profiling import steps_of
from benchmark.rig.figures import add_figures_arguments
from benchmark.rig.figures import Row
from benchmark.rig.figures import tell
from benchmark.rig.options import add_frames_option
from benchmark.rig.options import add_model_option
from benchmark.rig.scenes import data_file
from benchmark.rig.scenes import detector_weights
from benchmark.rig.scenes import FACES
from benchmark.rig.scenes import LARGE
from benchmark.rig.scenes import scene
from benchmark.rig.scenes import SMALL
from benchmark.rig.timing import time_frames
from fer_ros.perception.classification.classifier import Classifier
from fer_ros.perception.classification.classifier import create_classifier
from fer_ros.perception.crops.alignment import align_face
from fer_ros.perception.crops.preprocessing import to_network_input
from fer_ros.perception.detection.choice import create_detector
from fer_ros.perception.detection.choice import Detector
from fer_ros.perception.detection.choice import DetectorError
from fer_ros.perception.models.bundle import BundleError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.settings import Settings

# Frame period of a 30 Hz camera [s].
PERIOD = 1 / 30

# Batch size of the bare network for the comparison with each further face.
BATCH = 8

# Shorter steps are not reported [s].
LEAST_STEP = 1e-5

# Fraction of the frames for `Model.predict`, because one call takes about as long as twenty frames
# of the pipeline.
PREDICT_SHARE = 0.1


class Watcher:
    """Processes the images of a scene with its own pipeline, like the images of a camera."""

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        images: list[np.ndarray],
        settings: Settings | None = None,
    ) -> None:
        """
        Create the pipeline.

        :param detector: face detector.
        :param classifier: emotion classifier.
        :param images: images of the scene, repeated endlessly.
        :param settings: settings of the pipeline; None for the defaults.
        """
        self.faces = 0
        self._settings = settings or Settings()
        self._pipeline = Pipeline(detector, classifier)
        self._images = images
        self._frame = 0

    def __call__(self, _: int) -> None:
        """Process the next image."""
        self._frame += 1
        image = self._images[self._frame % len(self._images)]
        result = self._pipeline.process(image, self._frame * PERIOD, self._settings)
        self.faces = max(self.faces, len(result.faces))


def measure(detector: Detector, classifier: Classifier, frames: int) -> list[Row]:
    """
    Compare the time of the pipeline with the time of its networks.

    :param detector: YuNet.
    :param classifier: emotion classifier on LiteRT.
    :param frames: number of frames for each variant.
    """
    settings, card, weights = Settings(), classifier.card, detector_weights()
    path = card.file('tflite')
    images = scene(1, SMALL)
    eight = faces_for(card, detector, [*scene(8, SMALL, 2)], BATCH, settings)
    search = bare_detector(weights, images, settings)
    kernels = bare_kernels(weights, images[0], settings)
    one = bare_network(path, faces_for(card, detector, images, 1, settings))
    batch = bare_network(path, eight)
    watcher = Watcher(detector, classifier, images)
    several = {count: Watcher(detector, classifier, scene(count, SMALL, 4)) for count in FACES}

    ways: dict[str, Callable[[int], Any]] = {
        'pipeline': watcher,
        'detector': search,
        'network': lambda _: one(),
        'kernels': lambda _: (kernels(), one()),
    }
    times = time_frames(ways, frames)
    # The variants with unscaled images are measured separately, because their images would evict
    # the data of the other variants from the caches.
    larger: dict[str, Callable[[int], Any]] = {
        'pipeline': watcher,
        'detector': bare_detector(weights, images, settings, scaled=False),
        'network': lambda _: one(),
    }
    beside = time_frames(larger, frames // 2)
    bare = median(times['detector']) + median(times['network'])
    unscaled = median(beside['detector']) + median(beside['network'])
    rows = [
        Row(
            'pipeline_overhead',
            times['pipeline'],
            ratio=median(times['pipeline']) / bare,
            goal=1.15,
            further={'bare_ms': round(1000 * bare, 3), 'faces': watcher.faces},
        ),
        # This row compares the pipeline with the same networks on the same engine, without any
        # other code.
        Row(
            'pipeline_over_kernels',
            times['pipeline'],
            ratio=median(times['pipeline']) / median(times['kernels']),
            goal=1.2,
            further={'kernels_ms': round(1000 * median(times['kernels']), 3)},
        ),
        # This row compares the pipeline with an application that passes the camera images to the
        # detector unscaled.
        Row(
            'pipeline_over_unscaled',
            beside['pipeline'],
            ratio=median(beside['pipeline']) / unscaled,
        ),
        Row('bare_detector', times['detector']),
        Row('bare_detector_unscaled', beside['detector']),
        Row('bare_network', times['network'], further={'threads': THREADS}),
    ]

    ways = {f'faces_{count}': way for count, way in several.items()}
    times = time_frames({**ways, 'batch': lambda _: batch()}, frames // 2)
    # The slope of a straight line through the times with at least one face is the cost of a
    # further face.
    counts = [count for count in FACES if count]
    slope = np.polyfit(counts, [median(times[f'faces_{count}']) for count in counts], 1)[0]
    share = median(times['batch']) / BATCH
    rows += [
        Row(
            'each_further_face',
            ratio=float(slope) / share,
            goal=1.25,
            further={
                'further_face_ms': round(1000 * float(slope), 3),
                'bare_face_ms': round(1000 * share, 3),
            },
        ),
        Row(f'bare_network_of_{BATCH}', times['batch']),
        *(
            Row(f'pipeline_640x480_{name}', times[name], further={'faces': several[count].faces})
            for count, name in zip(FACES, ways, strict=True)
        ),
    ]
    large = {count: Watcher(detector, classifier, scene(count, LARGE, 4)) for count in FACES}
    known = bare_kernels(weights, scene(BATCH, LARGE, 1)[0], settings)
    times = time_frames(
        {
            **{f'faces_{count}': way for count, way in large.items()},
            'kernels': lambda _: (known(), batch()),
        },
        frames // 4,
    )
    crowd = median(times[f'faces_{BATCH}']) / median(times['kernels'])
    rows += [
        Row(
            f'pipeline_1280x720_over_kernels_faces_{BATCH}',
            times[f'faces_{BATCH}'],
            ratio=crowd,
            goal=1.2,
            further={'kernels_ms': round(1000 * median(times['kernels']), 3)},
        ),
        *(
            Row(
                f'pipeline_1280x720_faces_{count}',
                times[f'faces_{count}'],
                further={'faces': large[count].faces},
            )
            for count in FACES
        ),
    ]
    return rows


def predict_rows(detector: Detector, classifier: Classifier, frames: int) -> list[Row]:
    """
    Compare the time of the pipeline with Keras's `Model.predict`, called for each face.

    :param detector: face detector of both variants.
    :param classifier: classifier of the pipeline. The Keras network of its bundle is the other
        variant.
    :param frames: number of frames for each variant.
    :return: rows; empty if Keras is not installed or the bundle has no Keras network.
    """
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    try:
        import keras

        network = keras.saving.load_model(classifier.card.file('keras'), compile=False)
    except (ImportError, BundleError):
        return []
    card, settings = classifier.card, Settings()
    rows = []
    for count in (1, 4):
        images = scene(count, SMALL, 30)

        def predict(frame: int, images: list[np.ndarray] = images) -> None:
            image = images[frame % len(images)]
            found = detector.detect(image, settings.min_face_score, settings.min_face_size)
            for face in found:
                crop = align_face(image, face.eyes, card.crop, card.input.height, card.input.width)
                network.predict(to_network_input([crop], card.input), verbose=0)

        ways: dict[str, Callable[[int], Any]] = {
            'pipeline': Watcher(detector, classifier, images),
            'predict': predict,
        }
        times = time_frames(ways, frames)
        rows.append(
            Row(
                'against_model_predict' if count == 1 else f'against_model_predict_{count}_faces',
                times['pipeline'],
                ratio=median(times['predict']) / median(times['pipeline']),
                goal=8.0,
                at_least=True,
                further={
                    'predict_ms': round(1000 * median(times['predict']), 2),
                    'engine': keras.backend.backend(),
                },
            )
        )
    return rows


def detector_rows(classifier: Classifier, frames: int) -> list[Row]:
    """Measure the pipeline with each available detector, in turns, on one face at 640x480."""
    images = scene(1, SMALL)
    cascade = data_file('facedet/haarcascade_frontalface_default.xml')
    ways = {}
    for name, weights in (
        ('yunet', str(detector_weights())),
        ('blazeface', ''),
        ('haar', str(cascade)),
    ):
        try:
            detector = create_detector(name, weights)
        except DetectorError:
            continue
        ways[name] = Watcher(detector, classifier, images)
    times = time_frames(ways, frames, block=5)
    return [
        Row(
            f'with_{name}',
            times[name],
            ratio=median(times[name]) / median(times['yunet']),
            goal=2.0 if name == 'blazeface' else None,
            further={'faces': way.faces},
        )
        for name, way in ways.items()
    ]


def step_rows(detector: Detector, classifier: Classifier, frames: int) -> list[Row]:
    """Profile the steps of the pipeline for one face and for eight faces at 640x480."""
    rows = []
    for faces in (1, BATCH):
        steps = steps_of(Watcher(detector, classifier, scene(faces, SMALL, 20)), frames)
        whole = sum(steps.values())
        rows += [
            Row(
                f'step_{name}_faces_{faces}',
                value=1e6 * seconds,
                unit='us per frame',
                further={'percent': round(100 * seconds / whole, 1)},
            )
            for name, seconds in steps.items()
            if seconds > LEAST_STEP
        ]
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_option(parser)
    add_frames_option(parser, 400)
    add_figures_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command `pipeline`."""
    if arguments.frames < 8:
        raise ValueError(f'{arguments.frames} frames are too few; set --frames to at least 8')
    detector = create_detector('yunet', str(detector_weights()))
    classifier = create_classifier(load_card(find_bundle(arguments.model)), 'litert')
    rows = [
        *measure(detector, classifier, arguments.frames),
        *step_rows(detector, classifier, arguments.frames // 2),
        *detector_rows(classifier, max(4, arguments.frames // 10)),
        # Last, because the threads of the Keras engine stay alive afterwards.
        *predict_rows(detector, classifier, max(4, int(PREDICT_SHARE * arguments.frames))),
    ]
    remark = (
        f'{classifier.card.name} on LiteRT, YuNet. The `ratio` of `with_…` is relative to YuNet. '
        'The `ratio` of `against_…` is the other time divided by the time of the pipeline. '
        '`step_…` is measured by cProfile, which adds about half a microsecond to each call. The '
        'steps are the networks, calls of OpenCV, and files of the package.'
    )
    return tell('pipeline', rows, arguments, [remark])
