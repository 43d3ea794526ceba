"""JPEG compression artefacts of gray pictures, in batches on the device (JAX)."""

from __future__ import annotations

from typing import Any

import jax
from jax import numpy as jnp
import numpy as np

_BLOCK = 8

# ITU-T T.81 (1992), table K.1: quantisation table of luminance at quality 50.
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)


def _cosines() -> np.ndarray:
    """Return the matrix of the discrete cosine transform of a block (T.81, A.3.3)."""
    row, place = np.mgrid[:_BLOCK, :_BLOCK]
    matrix = np.sqrt(2 / _BLOCK) * np.cos((2 * place + 1) * row * np.pi / (2 * _BLOCK))
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


_COSINES = _cosines()


def compressed(x: Any, quality: Any) -> Any:
    """
    Compress pictures with JPEG and decode them; the result equals libjpeg's up to rounding.

    Entropy coding is lossless and therefore omitted.

    :param x: (N, side, side) float32, from 0 to 255.
    :param quality: (N,) float32, quality of libjpeg, from 1 to 100.
    :return: (N, side, side) float32, whole numbers from 0 to 255.
    """
    count, side = x.shape[:2]
    missing = -side % _BLOCK
    # Repeat the last pixels to fill incomplete blocks.
    padded = jnp.pad(x, ((0, 0), (0, missing), (0, missing)), mode='edge')
    blocks = padded.shape[1] // _BLOCK
    grid = padded.reshape(count, blocks, _BLOCK, blocks, _BLOCK).transpose(0, 1, 3, 2, 4) - 128
    exact = jax.lax.Precision.HIGHEST
    scale = jnp.where(quality < 50, jnp.floor(5000 / quality), 200 - 2 * quality)
    table = jnp.floor((_LUMINANCE * scale[:, None, None] + 50) / 100)
    table = jnp.clip(table, 1, 255)[:, None, None]
    frequencies = jnp.einsum('ij,nabjk,lk->nabil', _COSINES, grid, _COSINES, precision=exact)
    frequencies = jnp.rint(frequencies / table) * table
    grid = jnp.einsum('ji,nabjk,kl->nabil', _COSINES, frequencies, _COSINES, precision=exact)
    result = (grid + 128).transpose(0, 1, 3, 2, 4).reshape(padded.shape)
    return jnp.clip(jnp.rint(result), 0, 255)[:, :side, :side]
