import pytest

from fer_ros.messages.label_info import to_label_info

LABELS = ('happy', 'sad', 'neutral')


def test_the_labels_are_told_in_the_models_order(types, header):
    message = to_label_info(types, header(), LABELS, 0.4)

    assert [(one.class_id, one.class_name) for one in message.class_map] == [
        (0, 'happy'),
        (1, 'sad'),
        (2, 'neutral'),
    ]
    assert message.threshold == pytest.approx(0.4)
