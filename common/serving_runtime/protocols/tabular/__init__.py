"""Tables in, predictions out, as hosts ask for them: SageMaker's and MLflow's ``/invocations``.

``invocations`` is what that operation means, ``frames`` reads MLflow's tables in JSON,
``csv_table`` and ``cells`` those in CSV, ``npy`` NumPy's files.
"""
