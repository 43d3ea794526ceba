"""Stands in for the child of a trial: takes its limits, and hangs."""

from pathlib import Path
import sys
import time

from fer_ros.perception import trial_child

trial_child._limit_harm(int(sys.argv[2]))
Path('/proc/self/comm').write_text('ready')
time.sleep(600)
