"""Install fer_ros; colcon calls this for the build type ament_python."""

from glob import glob
from pathlib import Path

from setuptools import find_packages
from setuptools import setup

package_name = 'fer_ros'


def model_files() -> list[tuple[str, list[str]]]:
    """List every file of every bundle with the folder under share/ that it goes to."""
    bundles = sorted(card.parent for card in Path('models').glob('*/card.yaml'))
    return [
        (f'share/{package_name}/{folder}', sorted(str(file) for file in folder.iterdir()))
        for folder in bundles
    ]


setup(
    name=package_name,
    version='0.2.0',
    packages=find_packages(include=['fer_ros', 'fer_ros.*']),
    package_data={
        'fer_ros': ['py.typed'],
        'fer_ros.offline.outputs': ['definitions/*.msg', 'templates/*'],
        'fer_ros.perception.attention': ['*.csv'],
        'fer_ros.perception.detection': ['*.tflite'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        (f'share/{package_name}/launch', sorted(glob('launch/*.launch.py'))),
        (f'share/{package_name}/config', sorted(glob('config/*'))),
        *model_files(),
    ],
    install_requires=['setuptools'],
    extras_require={
        'recordings': ['jinja2', 'mcap', 'pyarrow', 'rosbags'],
        'fleet': ['ray[data]<2.64'],
        'test': ['psutil', 'pytest', 'pytest-cov', 'pytest-xdist'],
    },
    zip_safe=False,
    maintainer='fer_ros maintainers',
    maintainer_email='fer-ros-maintainers@example.org',
    description='Finds faces in a camera topic and publishes what each of them shows.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'analyse = fer_ros.offline.command:main',
            'camera_node = fer_ros.camera.camera_node:main',
            'doctor = fer_ros.doctor.command:main',
            'emotion_node = fer_ros.node.emotion_node:main',
            'fetch_models = fer_ros.fetch_models:main',
            'watch = fer_ros.watch:main',
        ],
    },
)
