"""A video whose frames are shown for different times, like those of phones."""

import struct

import cv2
import pytest

from gray_images import gray

# The size in bytes of a box's header in an MP4 file: its length and its name.
HEADER = 8


def write_uneven_video(path, periods):
    """
    Write an MP4 file, or skip the test if this OpenCV cannot.

    OpenCV writes frames of equal duration. The table of durations is replaced afterwards.

    :param path: path of the file.
    :param periods: duration of each frame in milliseconds. Frame n has the gray level 20 n.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no MP4 file')
    for index in range(len(periods)):
        writer.write(gray(20 * index))
    writer.release()
    data = path.read_bytes()
    assert data.index(b'moov') > data.index(b'mdat'), 'the table must not shift the frames'
    path.write_bytes(_replaced(data, periods))


def _replaced(data, periods):
    """Replace the table of durations in the boxes of an MP4 file."""
    done, at = b'', 0
    while at < len(data):
        length, name = struct.unpack_from('>I4s', data, at)
        begin, end = at + HEADER, at + (length or len(data) - at)
        content = data[begin:end]
        if name in (b'moov', b'trak', b'mdia', b'minf', b'stbl'):
            content = _replaced(content, periods)
        elif name == b'edts':
            # The list of edits would cut the video to its former duration.
            name = b'free'
        elif name == b'mdhd':
            # One unit of time is a millisecond.
            content = content[:12] + struct.pack('>II', 1000, sum(periods)) + content[20:]
        elif name == b'stts':
            rows = [struct.pack('>II', 1, period) for period in periods]
            content = struct.pack('>II', 0, len(rows)) + b''.join(rows)
        done += struct.pack('>I4s', HEADER + len(content), name) + content
        at = end
    return done
