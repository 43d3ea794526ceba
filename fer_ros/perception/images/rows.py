"""Check the layout of the rows of an image message."""

from __future__ import annotations

from fer_ros.perception.quoting import quoted


def check_rows(
    width: int,
    rows: int,
    pixel_bytes: int,
    step: int,
    size: int,
    encoding: str,
    error: type[ValueError],
) -> None:
    """
    Check that the step of an image holds a row, and that the data hold all rows.

    :param width: number of pixels in a row.
    :param rows: number of rows in the data.
    :param pixel_bytes: bytes per pixel of a row.
    :param step: number of bytes from one row to the next.
    :param size: size of the data in bytes.
    :param encoding: encoding of the image, for the error message.
    :param error: class of the exception to raise.
    :raises ValueError: an exception of the class `error`, if the step or the data are too short.
    """
    if step < width * pixel_bytes:
        raise error(
            f'the step is {step} bytes, but must be at least {width * pixel_bytes} '
            f'for {width} pixels of {quoted(encoding)}'
        )
    if size < step * rows:
        raise error(
            f'the data are {size} bytes, but must be at least {step * rows} '
            f'(step {step}, {rows} rows)'
        )
