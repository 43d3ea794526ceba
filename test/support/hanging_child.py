"""A stand-in for the child process of a trial that sets its limits and then hangs."""

from pathlib import Path
import sys
import time

from fer_ros.perception import trial_child

trial_child._limit_harm(int(sys.argv[2]))
Path('/proc/self/comm').write_text('ready')
time.sleep(600)
