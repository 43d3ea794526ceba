from fer_ros.doctor.backends import check_backends
from fer_ros.doctor.finding import FAIL
from fer_ros.doctor.finding import OK
from fer_ros.perception.settings import DEFAULT_MODEL


def test_the_shipped_model_runs_and_is_the_default():
    found = {finding.subject: finding for finding in check_backends('')}

    assert found['back end opencv'].level == OK
    assert found['back end opencv'].sentence.startswith(f'runs {DEFAULT_MODEL} on ')


def test_a_model_that_is_none_is_found():
    (finding,) = check_backends('gone')

    assert finding.level == FAIL
    assert "there is no model 'gone'" in finding.sentence
