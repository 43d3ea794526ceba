"""Stand-ins for the executables of fer_ros, whose processes end as a test demands."""

from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / 'config'

# Each start takes the first line off the list of ends, which is a file beside the executable. In a
# namespace, the executable has a list of its own.
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
    Make an install prefix with a package fer_ros whose executables are stand-ins.

    :param prefix: folder, made here.
    :param ends: for each executable (in a namespace: 'camera_node.front') how its processes end,
        one after the other: '1' with this exit status, 'SIGSEGV' by this signal, 'when stopped 2'
        with this exit status after the signal INT or TERM. 'when stopped 0' ends every list.
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
