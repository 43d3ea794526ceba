"""The formats of picture files, by their suffixes and by their names in Pillow."""

# Suffixes of the formats that OpenCV or Pillow reads.
PICTURE_SUFFIXES = frozenset(
    f'.{name}'
    for name in (
        *('avif', 'bmp', 'dib', 'exr', 'gif', 'hdr', 'jfif', 'jp2', 'jpe', 'jpeg', 'jpg', 'pbm'),
        *('pfm', 'pgm', 'pic', 'png', 'pnm', 'ppm', 'ras', 'sr', 'tif', 'tiff', 'webp'),
    )
)

# The formats that Pillow decodes by itself. For others, it runs programs such as Ghostscript.
PILLOW_FORMATS = (
    *('AVIF', 'BMP', 'DIB', 'GIF', 'JPEG', 'JPEG2000'),
    *('MPO', 'PNG', 'PPM', 'TIFF', 'WEBP'),
)
