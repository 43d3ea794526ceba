"""Recordings for the tests, and what analyses them without other processes."""

import importlib.util

import pytest

# The libraries of the extra `recordings`, and ROS for the comparison with the node.
NEEDED = ('rosbags', 'mcap', 'pyarrow', 'rclpy')
collect_ignore_glob = [] if all(importlib.util.find_spec(one) for one in NEEDED) else ['*']


# Facts about the call, as the command gives them.
ABOUT = {'settings': {'hold': 0.3, 'groups': ['']}, 'model': {'name': 'colours'}}


@pytest.fixture
def models():
    """Give a detector and a classifier that need no network."""
    from fer_ros.offline.models import Models
    from stand_ins import BrightDetector
    from stand_ins import ColourClassifier

    return Models(BrightDetector(), ColourClassifier())


@pytest.fixture
def analysed(models, tmp_path):
    """Return a function that analyses one recording, and gives the outcome and its folder."""
    from fer_ros.offline.job import Job
    from fer_ros.offline.work import process
    from fer_ros.offline.work import Task
    from fer_ros.perception.settings import Settings

    def analyse_one(path, with_models=None, name='staged', **values):
        names = {'topics', 'depth', 'calibration', 'sequence', 'csv', 'mcap', 'report'}
        names |= {'video', 'pictures'}
        options = {key: value for key, value in values.items() if key in names}
        settings = {key: value for key, value in values.items() if key not in names}
        job = Job(settings=Settings().changed(settings), **options)
        staged = tmp_path / name
        task = Task('key', str(path), str(staged))
        return process(task, job, with_models or models, ABOUT), staged

    return analyse_one


class Inline:
    """An engine that analyses recordings in this process, one after the other."""

    def __init__(self, job, models):
        self.job, self.models = job, models
        self.progress = {}
        self.asked = []

    def run(self, tasks, about, patience=None):
        from fer_ros.offline.work import process

        for task in tasks:
            self.asked.append(task.path)
            yield None
            yield process(task, self.job, self.models, about)


@pytest.fixture
def call(models, tmp_path):
    """Return a function that analyses recordings into a folder, and gives what it did."""
    from fer_ros.offline.calls import run_call
    from fer_ros.offline.calls import share_of
    from fer_ros.offline.folder import OutputFolder
    from fer_ros.offline.job import Job
    from fer_ros.offline.manifest import Manifest
    from fer_ros.perception.settings import Settings

    def call_once(
        *paths, force=False, shard=None, out='out', engine=None, models_of_call=None, **values
    ):

        options = {
            key: values.pop(key) for key in ('csv', 'mcap', 'report', 'video') if key in values
        }
        job = Job(settings=Settings().changed(values), model={'name': 'colours'}, **options)
        folder = OutputFolder(tmp_path / out, shard)
        engine = engine or Inline(job, models_of_call or models)
        try:
            manifest = Manifest(folder.manifest, job.identity(), job.fingerprint())
            manifest.load(force)
            chosen = share_of(paths, shard)
            summary = run_call(chosen, job, engine, folder, manifest, ABOUT, quiet=True)
            manifest.write()
        finally:
            folder.close()
        summary.asked = getattr(engine, 'asked', [])
        return summary

    return call_once
