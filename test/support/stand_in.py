"""Stand-ins for the executables of fer_ros. Their processes end as a test specifies."""

from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / 'config'

# A file beside the executable lists how its processes end. Each start removes the first line. In a
# namespace, the executable has its own list.
SCRIPT = """#!/bin/sh
name=$(basename "$0")
ends="$0"
for word; do
    case "$word" in
        __ns:=/?*) ends="$0.${word#__ns:=/}" ;;
    esac
done
end=$(head -n 1 "$ends.ends")
sed -i 1d "$ends.ends"
echo "$name has the profile $FASTRTPS_DEFAULT_PROFILES_FILE"
case "$end" in
    [0-9]*) exit "$end" ;;
    SIG*) kill -"${end#SIG}" $$ ;;
    'when stopped '*) trap "exit ${end#when stopped }" INT TERM ;;
esac
echo "$(basename "$ends") works"
while true; do
    sleep 0.1
done
"""


def make_workspace(prefix, ends):
    """
    Create an install prefix with a package fer_ros whose executables are stand-ins.

    :param prefix: install prefix, a folder that is created here.
    :param ends: how the processes of each executable end, in order. In a namespace, the name is
        for example 'camera_node.front'. '1' ends with this exit status, and 'SIGSEGV' by this
        signal. 'when stopped 2' ends with this exit status after SIGINT or SIGTERM. 'when stopped
        0' is appended to every list.
    """
    share, programs = prefix / 'share', prefix / 'lib' / 'fer_ros'
    index = share / 'ament_index' / 'resource_index' / 'packages'
    for folder in (index, share / 'fer_ros', programs):
        folder.mkdir(parents=True)
    (index / 'fer_ros').touch()
    (share / 'fer_ros' / 'config').symlink_to(CONFIG)
    for name, words in ends.items():
        script = programs / name.split('.')[0]
        script.write_text(SCRIPT)
        script.chmod(0o755)
        (programs / f'{name}.ends').write_text(
            ''.join(f'{word}\n' for word in [*words, 'when stopped 0'])
        )
