"""Test the command `storm` on a node in a separate process."""

import pytest

from benchmark.__main__ import main
from benchmark.behaviour import storm

pytest.importorskip('rclpy')
pytest.importorskip('ai_edge_litert')

pytestmark = pytest.mark.usefixtures('weights')


def test_a_node_that_survives_ends_with_status_0(capsys):
    assert main(['storm', '--minutes', '0.02', '--attacks', 'images', 'transitions']) == 0

    assert 'the node is alive and responds' in capsys.readouterr().out


def test_a_node_that_ends_gives_status_1(capsys, monkeypatch):
    monkeypatch.setattr(storm.Attacker, 'images', lambda attacker: attacker.node.kill())

    assert main(['storm', '--minutes', '1', '--attacks', 'images', 'transitions']) == 1

    assert 'the node ended unexpectedly with exit status -9' in capsys.readouterr().err


def test_memory_that_grows_gives_status_1(capsys, monkeypatch):
    monkeypatch.setattr(storm, 'MOST_GROWTH', 0.1)

    assert main(['storm', '--minutes', '0.01', '--attacks', 'transitions']) == 1

    assert 'GROWS' in capsys.readouterr().out
