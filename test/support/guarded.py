"""Objects whose attributes may be used only while a lock is held."""

import threading


class HeldLock:
    """A re-entrant lock that reports whether the current thread holds it."""

    def __init__(self):
        self._lock = threading.RLock()
        self._holders = []

    def __enter__(self):
        self._lock.acquire()
        self._holders.append(threading.get_ident())

    def __exit__(self, *_):
        self._holders.pop()
        self._lock.release()

    @property
    def held(self):
        return threading.get_ident() in self._holders


def guard(thing, lock_name='_lock', read=(), written=()):
    """
    Make an object fail if it uses an attribute without holding its lock.

    :param thing: the object; its class is replaced by a subclass.
    :param lock_name: name of the attribute with the lock, which is replaced.
    :param read: names of the attributes that must be read under the lock.
    :param written: names of the attributes that must be written under the lock.
    :return: the new lock.
    """
    lock = HeldLock()
    setattr(thing, lock_name, lock)

    class Guarded(type(thing)):
        def __getattribute__(self, name):
            assert name not in read or lock.held, f'{name} is read without the lock'
            return super().__getattribute__(name)

        def __setattr__(self, name, value):
            assert name not in written or lock.held, f'{name} is written without the lock'
            super().__setattr__(name, value)

    thing.__class__ = Guarded
    return lock
