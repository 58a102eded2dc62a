"""The obedient model as a coroutine function, beside the plain one.

``pause`` and ``until`` give way to other calls meanwhile; all other deeds block the event loop.
"""

import asyncio
import logging
import os

from obedient_model import DEEDS
from obedient_model import infer as obey


async def infer(what, x):
    """Answer, having done what ``what`` says."""
    for deed in " then ".join(what).split(" then "):
        verb, _, argument = deed.partition(" ")
        if verb in WAITS:
            await WAITS[verb](argument)
        elif verb:
            DEEDS[verb](argument)
    return {"y": x * x / 3 + 1}


def plain(what, x):
    """Do likewise in a thread."""
    return obey(what, x)


async def load():
    """Need the loop that the calls run on."""
    await asyncio.sleep(0)


async def unload():
    """Leave a note that this was called."""
    await asyncio.sleep(0)
    DEEDS["note"]("unloaded")


async def _pause(seconds):
    try:
        await asyncio.sleep(float(seconds))
    except asyncio.CancelledError:
        DEEDS["note"]("cancelled")
        raise


async def _until(name):
    while not os.path.exists(name):
        await asyncio.sleep(0.005)


async def _log(text):
    logging.getLogger("waiting").warning(text)


WAITS = {"pause": _pause, "until": _until, "log": _log}
