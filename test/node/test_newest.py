from threading import Thread

from fer_ros.node.newest import Newest


def test_what_was_put_is_taken_once():
    newest = Newest()

    assert newest.put('a') is False
    assert newest.take() == 'a'
    assert newest.put('b') is False


def test_only_the_newest_is_left_and_the_loss_is_told():
    newest = Newest()
    newest.put('old')

    assert newest.put('new') is True
    assert newest.take() == 'new'


def test_closing_lets_a_waiting_thread_go():
    newest = Newest()
    taken = []
    waiting = Thread(target=lambda: taken.append(newest.take()))
    waiting.start()

    newest.close()
    waiting.join(30)

    assert taken == [None]


def test_nothing_is_taken_after_closing():
    newest = Newest()
    newest.put('a')
    newest.close()

    assert newest.take() is None
    assert newest.wait_closed(1000.0) is True


def test_a_wait_that_is_not_closed_ends():
    assert Newest().wait_closed(0.01) is False
