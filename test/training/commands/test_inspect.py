import json

import pytest

from photographs import data_path
from training.__main__ import main


@pytest.mark.parametrize('suffix', ['html', 'json'])
def test_the_command_writes_a_page_and_its_data(tmp_path, capsys, suffix):
    status = main(['inspect', str(data_path('ckplus')), '--output', str(tmp_path)])

    assert status == 0
    assert '981 pictures' in capsys.readouterr().out
    written = (tmp_path / f'inspection.{suffix}').read_text(encoding='utf-8')
    if suffix == 'json':
        assert json.loads(written)['counts']['private'] == [135, 54, 177, 75, 207, 84, 249]
    else:
        assert 'surprise: 249' in written
        assert '://' not in written
