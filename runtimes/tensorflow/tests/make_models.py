"""Makes the SavedModels beside it, which the runtime is held to, with old TensorFlows' own API.

They are checked in. To make them again, run this from the top of the repository with each version
that has models (on Python 3.6, with numpy 1.19.5 and protobuf 3.19.6)::

    python -m runtimes.tensorflow.tests.make_models

It makes the models that were meant for the TensorFlow that it finds, 1.4.0 or 1.7.0. The same
version makes the same bytes. Contracts are written by hand, `contract.protobin` with
`serving-runtime contract compile`. Graphs are as small as they can be and weights are not trained:
what is compared is arithmetic, not the quality of predictions.
"""

import contextlib
import json
import shutil
import sys
import uuid
from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from runtimes.tensorflow.tests import graphs
from runtimes.tensorflow.tests.direct import Direct

MODELS = Path(__file__).resolve().parent / "models"
BUILDERS = {
    "1.4.0": {"mlp": graphs.mlp},
    "1.7.0": {
        "convolution": graphs.convolution,
        "defaults": graphs.defaults,
        "examples": graphs.examples,
        "features": graphs.features,
        "identity": graphs.identity,
        "later_dtypes": graphs.later_dtypes,
        "lookup": graphs.lookup,
        "mirror": graphs.mirror,
        "octets": graphs.octets,
        "recurrent": graphs.recurrent,
        "rows": graphs.rows,
        "sequence": graphs.sequence,
        "sequence_named": graphs.sequence_named,
        "summator": graphs.summator,
        "vocabulary": graphs.vocabulary,
    },
}
# TensorFlow Serving's layout: the files are in a folder of their version.
VERSIONS = {"mirror": "10"}
RECORDED = {"mlp": (1, [5, 4]), "convolution": (1, [2, 8, 8, 1]), "recurrent": (40, [1, 3])}
TOLERANCE = 1e-6


def save(name, build):
    """Write a model's files, the same bytes each time."""
    files = MODELS / name / "files"
    shutil.rmtree(str(files), ignore_errors=True)
    files = files / VERSIONS.get(name, "")
    files.parent.mkdir(parents=True, exist_ok=True)
    builder = tf.saved_model.builder.SavedModelBuilder(str(files))
    with tf.Graph().as_default(), tf.Session() as session:
        signatures, extras = build(session)
        # What gradients would need of conditions; written in a random order.
        del tf.get_collection_ref(tf.GraphKeys.COND_CONTEXT)[:]
        # A saver writes into a folder of a random name, which it keeps in the graph.
        with mock.patch("uuid.uuid4", return_value=uuid.UUID(int=0)):
            builder.add_meta_graph_and_variables(
                session, ["serve"], signature_def_map=signatures, **options(extras)
            )
        builder.save()
    order(files / "saved_model.pb")
    if not list((files / "variables").iterdir()):
        (files / "variables").rmdir()
    return files


def options(extras):
    """Have 1.7 leave out the attributes that 1.4 does not know."""
    return {**extras, **({} if tf.VERSION == "1.4.0" else {"strip_default_attrs": True})}


def order(path):
    """Write the entries of protobuf's maps in order; they come in any."""
    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    path.write_bytes(message.SerializeToString(deterministic=True))


def record(name, files, calls, shape):
    """Write what this TensorFlow answers, for all others to be compared with."""
    random = np.random.RandomState(len(name))
    entries = []
    with contextlib.closing(Direct(files)) as model:
        for _ in range(calls):
            x = random.uniform(-1, 1, shape).astype("f4").round(3)
            outputs = model.call("predict", {"x": x})
            entries.append({"inputs": described({"x": x}), "outputs": described(outputs)})
    head = json.dumps({"made_by": "TensorFlow " + tf.VERSION, "tolerance": TOLERANCE})[1:-1]
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    text = f'{{{head}, "signature": "predict", "calls": [\n{lines}\n]}}\n'
    (MODELS / name / "recorded.json").write_text(text)


def described(arrays):
    """Return float32 arrays as JSON has them, with the digits that tell them apart."""
    return {
        name: {
            "dtype": "DT_FLOAT",
            "shape": list(array.shape),
            "values": [float(str(value)) for value in array.ravel()],
        }
        for name, array in arrays.items()
    }


def main():
    """Make the models of this TensorFlow."""
    if tf.VERSION not in BUILDERS:
        sys.exit(f"this is TensorFlow {tf.VERSION}; models are made with {', '.join(BUILDERS)}")
    for name, build in BUILDERS[tf.VERSION].items():
        files = save(name, build)
        if name in RECORDED:
            record(name, files, *RECORDED[name])
        print(name)


if __name__ == "__main__":
    main()
