"""Make editable installs possible with pip 21 (the last for Python 3.6); setup.cfg has the rest."""

from setuptools import setup

setup()
