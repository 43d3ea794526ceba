"""Run the doctor: python -m fer_ros.doctor."""

import sys

from fer_ros.doctor.command import main

if __name__ == '__main__':
    sys.exit(main())
