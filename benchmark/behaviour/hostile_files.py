"""
Damaged compressed images, cards and networks, drawn by a seeded random generator.

Each function uses the generator to draw one file. The same seed gives the same sequence of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
import re
import struct
from typing import TypeVar
import zlib

import cv2
import numpy as np

Option = TypeVar('Option')

# (height, width) of the files to damage. Most are small, and a few are near the limit of 40
# megapixels.
FILE_SIDES = ((16, 16), (48, 64), (480, 640), (1080, 1920), (2976, 3968), (5700, 7000))
FILE_SHARES = (0.4, 0.3, 0.2, 0.06, 0.03, 0.01)
FALSE_SIDES = (1, 255, 8192, 8193, 16_383, 65_535)

# Formats of compressed images that `_file` writes.
KINDS = ('.jpg', 'progressive', '.png', '.webp', 'lossless')
PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
MAGIC_BYTES = (b'', b'\xff\xd8\xff', PNG_SIGNATURE, b'RIFF\xff\xff\xff\xffWEBP', b'BM', b'II*\0')

# Hostile values for the fields of a card.
YAML_VALUES = (
    '',
    'null',
    'true',
    '-1',
    '0',
    '1e-308',
    '1e308',
    '.nan',
    '.inf',
    '[]',
    '{}',
    '[1, [2, [3]]]',
    '2026-01-01',
    '"\\e[2J\\n"',
    '../../../etc/passwd',
    '/dev/zero',
    '!!python/object/apply:os.system ["true"]',
    '!!binary "////"',
    '"' + 'x' * 10_000 + '"',
)


def pick(random: np.random.Generator, options: Sequence[Option]) -> Option:
    """Draw one of several options of any type."""
    return options[int(random.integers(len(options)))]


def mutated(random: np.random.Generator, data: bytes, start: int = 0) -> bytes:
    """
    Damage a file: alter, remove, repeat or insert bytes, or truncate the file.

    :param random: random generator.
    :param data: content of the file, not empty.
    :param start: first position that may be damaged.
    """
    changed = bytearray(data)
    kind = random.integers(6)
    for _ in range(1 + int(random.geometric(0.3))):
        place = int(random.integers(min(start, len(changed) - 1), len(changed)))
        end, next_word = place + int(random.geometric(0.02)), place + 4
        if kind == 0:
            changed[place] ^= 1 << int(random.integers(8))
        elif kind == 1:
            changed[place:end] = bytes(len(changed[place:end]))
        elif kind == 2:
            changed[place:next_word] = pick(random, (b'\xff' * 4, b'\x7f\xff\xff\xff'))
        elif kind == 3:
            changed[place:place] = changed[place:end]
        elif kind == 4:
            changed[place:place] = random.bytes(end - place)
        elif len(changed) > end:
            del changed[place:end]
    if random.random() < 0.1:
        length = int(random.integers(1, len(changed)))
        del changed[length:]
    return bytes(changed)


def malformed_file(random: np.random.Generator, large: bool = True) -> bytes:
    """
    Draw a malformed image file: damaged, with a false size, a decompression bomb, or not an image.

    :param random: random generator.
    :param large: False limits damaged images to 64x48 pixels and excludes decompression bombs.
    """
    shares = (0.4, 0.3, 0.1, 0.2) if large else (0.5, 0.3, 0.0, 0.2)
    kind = int(random.choice(len(shares), p=shares))
    if kind == 0:
        return _damaged_file(random, large)
    return (_file_of_false_size, _bomb, _no_image)[kind - 1](random)


def _damaged_file(random: np.random.Generator, large: bool) -> bytes:
    """Damage the header or the content of a JPEG, PNG or WebP file."""
    size = FILE_SIDES[int(random.choice(len(FILE_SIDES), p=FILE_SHARES))]
    if not large:
        size = pick(random, FILE_SIDES[:2])
    # Encoding a large WebP image takes seconds.
    file = _file(pick(random, KINDS if size[0] < 1000 else KINDS[:3]), size)
    return mutated(random, file, start=pick(random, (0, 2, 20, 700)))


def _file_of_false_size(random: np.random.Generator) -> bytes:
    """Write a false size into the header of a small file."""
    width, height = (pick(random, FALSE_SIDES) for _ in range(2))
    kind = int(random.integers(4))
    if kind == 0:
        file = bytearray(_file('.jpg', (16, 16)))
        struct.pack_into('>HH', file, file.index(b'\xff\xc0') + 5, height, width)
    elif kind == 1:
        file = bytearray(_file('.png', (16, 16)))
        file[8:33] = chunk(b'IHDR', struct.pack('>II', width, height) + file[24:29])
    elif kind == 2:
        file = bytearray(_file('.webp', (16, 16)))
        struct.pack_into('<HH', file, 26, width & 0x3FFF, height & 0x3FFF)
    else:
        sides = (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
        flags = bytes([pick(random, (0, 2, 0x10, 0x3E)), 0, 0, 0])
        content = b'WEBPVP8X' + struct.pack('<I', 10) + flags + sides
        content += _file('.webp', (16, 16))[12:]
        file = bytearray(b'RIFF' + struct.pack('<I', len(content)) + content)
    return bytes(file)


def _bomb(random: np.random.Generator) -> bytes:
    """Draw a file that needs far more memory or time than its size suggests."""
    kind = int(random.integers(4))
    if kind == 0:
        text = chunk(b'zTXt', b'Comment\0\0' + zlib.compress(bytes(4_000_000)))
        file = _file('.png', (16, 16))
        return file[:33] + text * 50 + file[33:]
    if kind == 1:
        return b'GIF89a' + struct.pack('<HH', 16_000, 9_000) + bytes(25)
    if kind == 2:
        file = _file('progressive', (48, 64))
        last_scan = file.rindex(b'\xff\xda')
        return file[:-2] + file[last_scan:-2] * 500 + file[-2:]
    width = pick(random, (4000, 20_000))
    header = chunk(b'IHDR', struct.pack('>IIBBBBB', width, width, 1, 0, 0, 0, 0))
    pixels = chunk(b'IDAT', zlib.compress(bytes(width * (1 + width // 8)), 1))
    return PNG_SIGNATURE + header + pixels + chunk(b'IEND', b'')


def _no_image(random: np.random.Generator) -> bytes:
    """Draw a file of another format, random bytes after a file signature, or an empty file."""
    if random.random() < 0.3:
        return _file(pick(random, ('.bmp', '.tiff', '.ppm')), (16, 16))
    return pick(random, MAGIC_BYTES) + random.bytes(pick(random, (0, 1, 20, 300)))


def chunk(kind: bytes, content: bytes) -> bytes:
    """Encode a chunk of a PNG file."""
    checksum = zlib.crc32(kind + content)
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', checksum)


@cache
def _file(kind: str, size: tuple[int, int]) -> bytes:
    """Encode a gray image. The pattern in its corner prevents a very small file."""
    tile = np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8)
    pattern = np.tile(cv2.resize(tile, (80, 80)), (6, 8, 1))
    image = np.full((*size, 3), 128, np.uint8)
    image[:480, :640] = pattern[: size[0], : size[1]]
    options = {
        'progressive': ('.jpg', (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        '.webp': ('.webp', (cv2.IMWRITE_WEBP_QUALITY, 10)),
        'lossless': ('.webp', (cv2.IMWRITE_WEBP_QUALITY, 101)),
        '.png': ('.png', (cv2.IMWRITE_PNG_COMPRESSION, 1)),
    }
    ending, parameters = options.get(kind, (kind, ()))
    return cv2.imencode(ending, image, parameters)[1].tobytes()


def malformed_card(random: np.random.Generator, text: str) -> bytes:
    """
    Damage the values, the lines or the bytes of a card, or replace it by a YAML bomb.

    :param random: random generator.
    :param text: content of a valid card.
    """
    kind = int(random.integers(8))
    if kind == 1:
        return _yaml_bomb(random, text)
    if kind == 0:
        return mutated(random, text.encode())
    lines = text.splitlines()
    for _ in range(int(random.geometric(0.5))):
        # The fields about the network are at the beginning of a card.
        place = int(random.integers(min(16, len(lines))))
        if kind == 2:
            del lines[place]
        elif kind == 3:
            lines.insert(place, pick(random, lines))
        else:
            lines[place] = _with_another_value(random, lines[place])
    return '\n'.join(lines).encode()


def _with_another_value(random: np.random.Generator, line: str) -> str:
    """
    Replace a word after a colon, a bracket or a comma.

    A line without such a word is cleared.
    """
    places = list(re.finditer(r'(?<=[:\[,] )[^\s,\[\]{}]+|(?<=\[)[^\s,\[\]{}]+|(?<=: ).+', line))
    if not places:
        return ''
    begin, end = pick(random, places).span()
    return line[:begin] + pick(random, YAML_VALUES) + line[end:]


def _yaml_bomb(random: np.random.Generator, text: str) -> bytes:
    """Draw YAML with a very large or very deep expansion, or with a number too large to store."""
    kind = int(random.integers(4))
    if kind == 0:
        levels = [f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]' for n in range(1, 9)]
        return '\n'.join(['a0: &a0 [x]', *levels, 'labels: *a8']).encode()
    if kind == 1:
        return b'labels: ' + b'[' * 5000
    if kind == 2:
        return b'labels: [' + b'x, ' * 500_000 + b'y]'
    return re.sub('(?m)^temperature: .*', f'temperature: {"9" * 400}', text).encode()
