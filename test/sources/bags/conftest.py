"""Skip these tests where the libraries for recordings are not installed."""

import pytest

pytest.importorskip('rosbags')
pytest.importorskip('mcap')
