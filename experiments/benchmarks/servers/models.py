"""The models that all peers serve, with NumPy, scikit-learn or a framework, in any environment.

Every peer's service calls `load`, so that the same code answers everywhere. It imports no module
of this repository: a peer's environment has none.
"""

import math
import os
import sys

INPUT, OUTPUT = "x", "y"
IRIS_FILE = "iris.joblib"
NETWORK_SIZES = (64, 256, 256, 10)


def load(name, folder, framework=""):
    """Return the model's function: an array float32[rows, …] in, an array out."""
    if name == "iris":
        return _iris(folder)
    if name == "network":
        return {"tensorflow": _tensorflow, "pytorch": _pytorch}[framework](folder)
    return {"noop": lambda x: x, "ends": _ends, "image": lambda x: _ends(x.reshape(len(x), -1))}[
        name
    ]


def _ends(x):
    return x[:, [0, -1]]


def train(folder):
    """Fit the iris model with this environment's scikit-learn: its pickles suit no other."""
    import joblib
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    os.makedirs(folder, exist_ok=True)
    flowers, kinds = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(flowers, kinds)
    joblib.dump(model, os.path.join(folder, IRIS_FILE))


def _iris(folder):
    import joblib

    return joblib.load(os.path.join(folder, IRIS_FILE)).predict


def weights():
    """Return the network's weights, as experiments/benchmarks/cases.py has them."""
    import numpy as np

    grids = [
        (np.arange(rows * columns, dtype=np.float64).reshape(rows, columns), rows)
        for rows, columns in zip(NETWORK_SIZES, NETWORK_SIZES[1:])
    ]
    return [(np.sin(grid * 1.7) / math.sqrt(rows)).astype(np.float32) for grid, rows in grids]


def _tensorflow(folder):
    import tensorflow as tf

    network = tf.saved_model.load(os.path.join(folder, "network")).signatures["predict"]
    return lambda x: network(x=tf.constant(x))[OUTPUT].numpy()


def _pytorch(folder):
    import torch

    network = torch.jit.load(os.path.join(folder, "network.pt"))

    def predict(x):
        with torch.no_grad():
            return network(torch.from_numpy(x))[OUTPUT].numpy()

    return predict


def save_tensorflow(folder):
    """Save the network as a SavedModel with the signature `predict`."""
    import tensorflow as tf

    module = tf.Module()
    module.layers = [tf.Variable(matrix) for matrix in weights()]

    @tf.function(input_signature=[tf.TensorSpec([None, NETWORK_SIZES[0]], tf.float32, name=INPUT)])
    def network(x):
        for matrix in module.layers[:-1]:
            x = tf.nn.relu(x @ matrix)
        return {OUTPUT: x @ module.layers[-1]}

    module.network = network
    path = os.path.join(folder, "network")
    tf.saved_model.save(module, path, signatures={"predict": network})


def save_pytorch(folder):
    """Save the network as TorchScript."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            first, second, third = (torch.from_numpy(matrix) for matrix in weights())
            self.register_buffer("first", first)
            self.register_buffer("second", second)
            self.register_buffer("third", third)

        def forward(self, x: torch.Tensor):
            x = torch.relu(x @ self.first)
            return {"y": torch.relu(x @ self.second) @ self.third}

    os.makedirs(folder, exist_ok=True)
    torch.jit.script(Network()).save(os.path.join(folder, "network.pt"))


if __name__ == "__main__":
    {"iris": train, "tensorflow": save_tensorflow, "pytorch": save_pytorch}[sys.argv[1]](
        sys.argv[2]
    )
