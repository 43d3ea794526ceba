"""A page of what is in a data set: `inspect`.  It shows pictures of the data set."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

import cv2
import numpy as np

from training.data.datasets import FaceData
from training.data.datasets import SPLITS

# Pictures of a class that its mosaic shows, and how many of them in a row.
MOSAIC = 48
MOSAIC_COLUMNS = 24

# Pictures, or groups of them, that are shown of each kind of fault; pictures of a group.
EXAMPLES = 18
GROUP = 4

# Of the splits; people who see colours differently tell them apart (Okabe and Ito 2008).
_COLOURS = dict(zip(SPLITS, ('#0072b2', '#e69f00', '#009e73'), strict=True))

_STYLE = """
:root { color-scheme: light; --ink: #20242c; --soft: #646b78; --line: #e3e6eb; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #f5f6f8; margin: 0; }
main { max-width: 1440px; margin: 0 auto; padding: 32px 24px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 0; }
h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0 0; color: var(--soft); }
section, .tiles > div { background: #fff; border: 1px solid var(--line); border-radius: 10px; }
section { padding: 20px 22px; margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 20px; }
.tiles > div { padding: 12px 16px; }
.tiles b { display: block; font-size: 24px; line-height: 1.25; }
.tiles span { display: block; font-size: 13px; color: var(--soft); }
.tiles .bad b { color: #b24a00; }
table { border-collapse: collapse; margin-top: 12px; width: 100%;
  font-variant-numeric: tabular-nums; }
td, th { padding: 5px 10px; text-align: right; border-top: 1px solid var(--line); }
td.bar { width: 45%; } th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; } thead th { border-top: 0; color: var(--soft); font-size: 13px; }
.track { display: flex; height: 16px; border-radius: 3px; overflow: hidden; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px;
  margin: 0 5px 0 14px; }
.class { display: grid; grid-template-columns: 1fr 236px; gap: 18px; align-items: center;
  border-top: 1px solid var(--line); padding: 14px 0; }
.class > div:first-child { min-width: 0; }
.class img { width: 100%; display: block; border-radius: 4px; image-rendering: pixelated;
  margin-top: 6px; }
.plots { display: grid; gap: 4px; } svg { display: block; width: 100%; height: auto; }
svg text { font-size: 10px; fill: var(--soft); }
.faults { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 12px; }
.group { display: flex; gap: 4px; padding: 6px; border: 1px solid var(--line);
  border-radius: 8px; }
figure { margin: 0; width: 96px; font-size: 12px; line-height: 1.3; }
figure img { width: 96px; height: 96px; image-rendering: pixelated; border-radius: 4px;
  display: block; }
figure small { color: var(--soft); display: block; overflow-wrap: anywhere; font-size: 11px; }
footer { color: var(--soft); font-size: 13px; margin: 20px 4px; }
@media (max-width: 800px) { .class { grid-template-columns: 1fr; } }
"""


def report_page(data: FaceData, report: dict[str, Any], seed: int = 0) -> str:
    """
    Make a page of a report, whole in itself.

    :param data: that was inspected.
    :param report: of `inspect_data`.
    :param seed: of which pictures are shown.
    :return: HTML.
    """
    height, width = report['size']
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{report['pictures']:,} pictures</title>
<style>{_STYLE}</style></head><body><main>
<h1>{report['pictures']:,} pictures of {width}x{height} pixels</h1>
<p>{len(report['labels'])} classes; SHA-256 of the pixels {escape(report['sha256'][:16])}…</p>
{_tiles(report)}
{_counts(report)}
{_classes(data, report, seed)}
{_sizes(report)}
{_faults(data, report)}
<footer>The names of all that was found stand in inspection.json, beside this page;
what --clean leaves out of training is listed there by reason.
This page shows pictures of the data set: keep it to yourself as its terms say, and out of any
repository.</footer>
</main></body></html>
"""


def mosaic(images: np.ndarray, columns: int = MOSAIC_COLUMNS) -> np.ndarray:
    """
    Lay pictures side by side.

    :param images: (N, H, W) uint8, N at least 1.
    :param columns: in a row.
    :return: (rows * H, columns * W) uint8, white where there is no picture.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    tiles = np.full((rows * columns, height, width), 255, np.uint8)
    tiles[:count] = images
    by_row = tiles.reshape(rows, columns, height, width)
    return by_row.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def _tiles(report: dict[str, Any]) -> str:
    """Show the few figures that one looks for first."""
    leaked = sum(map(len, report['in_training_too'].values()))
    cleaned = report['left_out_by_clean']
    figures = [
        ('skipped', sum(map(len, report['skipped'].values())), 'rows or files that are broken'),
        ('extra copies', report['extra_duplicates'], f'in {len(report["duplicates"])} groups'),
        ('copies in training', leaked, 'of pictures of the test splits'),
        ('conflicts', len(report['conflicting_labels']), 'groups of copies, several labels'),
        (
            'near duplicates',
            len(report['near_duplicates']),
            f'pairs, {len(report["near_duplicates_across_splits"])} across splits',
        ),
        ('constant', len(report['constant']), 'of one gray level'),
        ('not a face', len(report['not_a_face']), 'by most annotators of FER+'),
        ('--clean', sum(cleaned.values()), 'would leave out of training'),
    ]
    return (
        '<div class="tiles">'
        + ''.join(
            f'<div{" class=bad" if count else ""}><span>{name}</span><b>{count:,}</b>'
            f'<span>{what}</span></div>'
            for name, count, what in figures
        )
        + '</div>'
    )


def _counts(report: dict[str, Any]) -> str:
    """Show how many pictures each class has in each split."""
    counts = report['counts']
    keys = ''.join(
        f'<span class="key" style="background:{_COLOURS[split]}"></span>{split}'
        for split in counts
    )
    totals = np.sum(list(counts.values()), axis=0)
    rows = []
    for label, name in enumerate(report['labels']):
        track = ''.join(
            f'<div style="width:{100 * counts[split][label] / max(*totals, 1):.2f}%;'
            f'background:{_COLOURS[split]}"></div>'
            for split in counts
        )
        cells = ''.join(f'<td>{counts[split][label]:,}</td>' for split in counts)
        share = 100 * totals[label] / max(report['pictures'], 1)
        rows.append(
            f'<tr><th>{escape(name)}</th>{cells}<td>{totals[label]:,}</td><td>{share:.1f} %</td>'
            f'<td class="bar"><div class="track">{track}</div></td></tr>'
        )
    sums = ''.join(f'<td>{sum(values):,}</td>' for values in counts.values())
    heads = ''.join(f'<th>{split}</th>' for split in counts)
    return (
        f'<section><h2>Classes and splits</h2><p>{keys}</p><table><thead><tr><th>class</th>{heads}'
        f'<th>all</th><th>share</th><th></th></tr></thead><tbody>{"".join(rows)}'
        f'<tr><th>all</th>{sums}<td>{report["pictures"]:,}</td><td></td><td></td></tr>'
        '</tbody></table></section>'
    )


def _classes(data: FaceData, report: dict[str, Any], seed: int) -> str:
    """Show some pictures of each class, and how bright and rich in contrast they are."""
    generator = np.random.default_rng(seed)
    parts = []
    for label, name in enumerate(report['labels']):
        indices = np.flatnonzero(data.labels == label)
        shown = np.sort(generator.permutation(indices)[:MOSAIC])
        picture = f'<img alt="" src="{_png(mosaic(data.images[shown]))}">' if len(shown) else ''
        parts.append(
            f'<div class="class"><div><h3>{escape(name)}: {len(indices):,}</h3>{picture}</div>'
            '<div class="plots">'
            + _histogram('brightness', report['brightness'][name], 256, '#0072b2')
            + _histogram('contrast', report['contrast'][name], 128, '#8a8f98')
            + '</div></div>'
        )
    return (
        '<section><h2>What they look like</h2><p>Pictures drawn at random; on the right how many '
        'have which mean of their gray levels (0 is black), and which standard deviation.</p>'
        + ''.join(parts)
        + '</section>'
    )


def _sizes(report: dict[str, Any]) -> str:
    """Show how large the pictures were before they were brought to one size."""
    most = max(*report['sides'].values(), 1)
    rows = ''.join(
        f'<tr><th>{name}</th><td>{count:,}</td><td class="bar"><div class="track">'
        f'<div style="width:{100 * count / most:.2f}%;background:#0072b2"></div></div></td></tr>'
        for name, count in report['sides'].items()
        if count
    )
    return (
        '<section><h2>Sizes</h2><p>The shorter side of each picture as it was, in pixels; what is '
        f'smaller than {report["size"][0]} was magnified.</p><table><thead><tr><th>pixels</th>'
        f'<th>pictures</th><th></th></tr></thead><tbody>{rows}</tbody></table></section>'
    )


def _faults(data: FaceData, report: dict[str, Any]) -> str:
    """Show examples of all that is wrong."""
    index = {str(source): i for i, source in enumerate(data.source)}
    skipped = ''.join(
        f'<tr><th>{escape(reason)}</th><td>{len(names):,}</td>'
        f'<td>{escape(", ".join(names[:3]))}{", …" if len(names) > 3 else ""}</td></tr>'
        for reason, names in report['skipped'].items()
    )
    parts = []
    if skipped:
        parts.append(
            '<section><h2>Skipped</h2><table><thead><tr><th>reason</th><th>count</th>'
            f'<th>for example</th></tr></thead><tbody>{skipped}</tbody></table></section>'
        )
    across = [
        group
        for group in report['duplicates']
        if len({str(data.split[index[name]]) for name in group}) > 1
    ]
    kinds: list[tuple[str, str, Sequence[Sequence[str]]]] = [
        (
            'Copies with conflicting labels',
            'The same picture, pixel for pixel, with several labels.',
            report['conflicting_labels'],
        ),
        (
            'Copies across splits',
            'What is learnt by heart in one split is no test in another: '
            + ', '.join(
                f'{len(names):,} of {split} are in {other}'
                for other, key in (('train', 'in_training_too'), ('public', 'in_public_too'))
                for split, names in report[key].items()
            ),
            across,
        ),
        (
            'Near duplicates',
            'Nearly the same picture: recompressed, or the next frame of a sequence.',
            report['near_duplicates'],
        ),
        ('Constant', 'One gray level.', [[name] for name in report['constant']]),
        (
            'Not a face',
            'Most annotators of FER+ saw none.',
            [[name] for name in report['not_a_face']],
        ),
    ]
    for title, what, groups in kinds:
        if not groups:
            continue
        # Spread over all of them, as neighbours in the data often look alike.
        places = np.linspace(0, len(groups) - 1, min(EXAMPLES, len(groups))).astype(int)
        shown = ''.join(_group(data, [index[name] for name in groups[i]]) for i in places)
        some = '' if len(groups) <= EXAMPLES else f'; {EXAMPLES} of them'
        parts.append(
            f'<section><h2>{title}: {len(groups):,}{some}</h2><p>{what}</p>'
            f'<div class="faults">{shown}</div></section>'
        )
    return ''.join(parts)


def _group(data: FaceData, indices: Sequence[int]) -> str:
    """Show pictures that belong together, with labels, splits and names."""
    figures = ''.join(
        f'<figure><img alt="" src="{_png(data.images[i])}"><b>'
        f'{escape(data.label_names[data.labels[i]])}</b> {data.split[i]}'
        f'<small>{escape(str(data.source[i]))}</small></figure>'
        for i in indices[:GROUP]
    )
    more = f'<figure>and {len(indices) - GROUP} more</figure>' if len(indices) > GROUP else ''
    return f'<div class="group">{figures}{more}</div>'


def _png(image: np.ndarray) -> str:
    """Put a picture into an address."""
    coded = cv2.imencode('.png', image)[1].tobytes()
    return f'data:image/png;base64,{base64.b64encode(coded).decode()}'


def _histogram(title: str, counts: Sequence[int], end: int, colour: str) -> str:
    """Draw a histogram of values from 0 to an end."""
    width, height, top = 232, 44, 14
    step = width / len(counts)
    most = max(*counts, 1)
    bars = ''.join(
        f'<rect x="{step * i:.1f}" y="{top + height * (1 - count / most):.1f}" '
        f'width="{step - 1:.1f}" height="{height * count / most:.1f}" fill="{colour}"/>'
        for i, count in enumerate(counts)
    )
    base = top + height
    return (
        f'<svg viewBox="0 0 {width} {base + 13}" role="img"><text x="0" y="10">{title}</text>'
        f'{bars}<path d="M0 {base}H{width}" stroke="#c4c8d0"/><text x="0" y="{base + 11}">0</text>'
        f'<text x="{width}" y="{base + 11}" text-anchor="end">{end - 1}</text></svg>'
    )
