"""Pictures whose labels are in a table beside them."""

from own_data import face
from own_data import labels_by_brightness
from own_data import save_png
from own_data import write_folders
from own_data import zipped
import pytest

from fer_ros.perception.emotions import FER2013_LABELS
from fer_ros.perception.emotions import FERPLUS_LABELS
from training.data.reading.forms import read_data

# The column with the votes for each label of FER2013, in the files of FER+.
VOTES_OF = (4, 5, 6, 1, 3, 2, 0)


def write_ferplus(root):
    """Write the folders that the script of FER+ writes."""
    for part, split in enumerate(('FER2013Train', 'FER2013Valid', 'FER2013Test')):
        rows = []
        for label, column in enumerate(VOTES_OF):
            name = f'fer{10 * part + label:07d}.png'
            save_png(root / split / name, face(label, part))
            votes = [1 if place == (column + 1) % 7 else 0 for place in range(10)]
            votes[column] = 7
            rows.append(f'{name},"(0, 0, 48, 48)",{",".join(map(str, votes))}\n')
        rows.append('fer0099999.png,"(0, 0, 48, 48)",0,0,0,0,0,0,0,0,0,10\n')
        (root / split / 'label.csv').write_text(''.join(rows))
    return root


@pytest.mark.parametrize('packed', [False, True])
def test_the_folders_of_ferplus_are_read_with_their_votes(tmp_path, packed):
    path = write_ferplus(tmp_path / 'data')
    if packed:
        path = zipped(path, tmp_path / 'ferplus.zip', prefix='FERPlus-master/data/')

    data = read_data(path)

    assert data.label_names == FERPLUS_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert data.split.tolist() == ['private'] * 7 + ['train'] * 7 + ['public'] * 7
    assert data.votes.shape == (21, 10)
    assert [row.argmax() for row in data.votes] == list(VOTES_OF) * 3
    (reason, names), *_ = data.skipped.items()
    assert reason == 'no annotator of FER+ saw an emotion'
    assert len(names) == 3


@pytest.mark.parametrize(
    ('header', 'row'),
    [
        ('image,emotion', '{name},{label}'),
        ('id;File Name;Label', '{number};{name};{label}'),
        (',pth,label,relFCs', '{number},some/other/{name},{label},0.5'),
        ('path,label,split', '.\\pictures\\{name},{label},train'),
    ],
)
def test_a_table_names_the_pictures_and_their_labels(tmp_path, header, row):
    lines = [header]
    for label, name in enumerate(FER2013_LABELS):
        save_png(tmp_path / 'pictures' / f'im{label}.png', face(label))
        lines.append(row.format(name=f'im{label}.png', label=name, number=label))
    (tmp_path / 'labels.csv').write_text('\n'.join([*lines, '']))

    data = read_data(tmp_path)

    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert data.unsplit is ('split' not in header)
    assert data.skipped == {}


def test_a_picture_that_is_missing_is_named(tmp_path):
    save_png(tmp_path / 'a.png', face(0))
    save_png(tmp_path / 'b.png', face(1))
    (tmp_path / 'labels.csv').write_text('image,label\na.png,angry\nb.png,disgust\nc.png,sad\n')

    assert read_data(tmp_path).skipped == {'there is no such picture': ['labels.csv: c.png']}


def test_the_folders_of_classes_count_more_than_a_table(tmp_path):
    write_folders(tmp_path)
    (tmp_path / 'labels.csv').write_text('image,label\ntrain/happy/0.png,sad\n')

    data = read_data(tmp_path)

    assert data.labels.tolist() == labels_by_brightness(data.images)


def test_rafdb_is_read_as_its_authors_publish_it(tmp_path):
    # The numbers of RAF-DB for the labels in the order of FER2013.
    numbers = (6, 3, 2, 4, 5, 1, 7)
    lines = []
    for split in ('train', 'test'):
        for label, number in enumerate(numbers):
            name = f'{split}_{label:05d}'
            save_png(tmp_path / 'Image' / 'aligned' / f'{name}_aligned.jpg', face(label))
            lines.append(f'{name}.jpg {number}\n')
    (tmp_path / 'EmoLabel').mkdir()
    (tmp_path / 'EmoLabel' / 'list_patition_label.txt').write_text(''.join(lines))

    data = read_data(tmp_path)

    assert data.label_names == FER2013_LABELS
    assert data.labels.tolist() == labels_by_brightness(data.images)
    assert data.split.tolist() == ['train'] * 7 + ['private'] * 7
