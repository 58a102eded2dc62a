"""Lets pip 21 (the last one for Python 3.6) make an editable install; setup.cfg says it all."""

from setuptools import setup

setup()
