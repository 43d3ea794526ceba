import sys

from fer_ros.doctor import libraries
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.doctor.libraries import check_libraries
from findings import levels


def test_the_libraries_of_this_machine_are_named_with_their_versions():
    found = levels(check_libraries())

    assert found['OpenCV'] == OK
    assert set(found) == {'Python', 'NumPy', 'PyYAML', 'OpenCV'}


def test_a_library_that_is_missing_is_named_with_its_installation(monkeypatch):
    def missing(name):
        raise ImportError(f'no {name}')

    monkeypatch.setattr(libraries.importlib, 'import_module', missing)
    found = {finding.subject: finding for finding in check_libraries()}

    assert found['OpenCV'].level == FAIL
    assert (
        found['OpenCV'].sentence
        == 'ImportError: no cv2; install it with: apt install python3-opencv'
    )


def test_what_opencv_can_run_is_said(monkeypatch):
    class Old:
        __version__ = '4.6.0'
        CascadeClassifier = dnn = object

    monkeypatch.setitem(sys.modules, 'cv2', Old)

    told = {one.subject: one.sentence for one in check_libraries()}

    assert told['OpenCV'] == '4.6.0; it can run these detectors: Haar, networks'
