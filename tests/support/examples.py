"""Write requests with examples field by field as TensorFlow Serving's clients do."""

from hydro_serving_grpc.messages import message_class
from serving_runtime.signature import Contract, Field, Signature

CLASSIFY, REGRESS, PREDICT = (
    f"tensorflow/serving/{purpose}" for purpose in ("classify", "regress", "predict")
)

Example = message_class("tensorflow.Example")
Input = message_class("tensorflow.serving.Input")
ClassificationRequest = message_class("tensorflow.serving.ClassificationRequest")
ClassificationResponse = message_class("tensorflow.serving.ClassificationResponse")
RegressionRequest = message_class("tensorflow.serving.RegressionRequest")
RegressionResponse = message_class("tensorflow.serving.RegressionResponse")
MultiInferenceRequest = message_class("tensorflow.serving.MultiInferenceRequest")
MultiInferenceResponse = message_class("tensorflow.serving.MultiInferenceResponse")

INPUTS = (Field("inputs", "string", (-1,)),)
LABELS = Field("classes", "string", (-1, -1))
SCORES = Field("scores", "float32", (-1, -1))
NUMBERS = Field("outputs", "float32", (-1, 1))
CLASSIFIES = Signature("serving_default", INPUTS, (LABELS, SCORES), CLASSIFY)
REGRESSES = Signature("regress", INPUTS, (NUMBERS,), REGRESS)
PREDICTS = Signature("predict", (Field("x", "float32", (-1,)),), (NUMBERS,), PREDICT)
CONTRACT = Contract("own", (CLASSIFIES, PREDICTS, REGRESSES), 3)


def example(**features):
    """Return an example: floats, integers and bytes by their features' names."""
    message = Example()
    for name, values in features.items():
        feature = message.features.feature[name]
        if isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.float_list.value.extend(values)
    return message


def taken(*examples, context=None):
    """Return examples as a request has them, with a context where one is given."""
    message = Input()
    if context is None:
        message.example_list.SetInParent()
        message.example_list.examples.extend(examples)
    else:
        message.example_list_with_context.examples.extend(examples)
        message.example_list_with_context.context.CopyFrom(context)
    return message


def fill_spec(spec, signature="", name="", version=None):
    """Write which model, and which of its signatures, is asked for, or answers."""
    spec.name = name
    spec.signature_name = signature
    if version is not None:
        spec.version.SetInParent()
        spec.version.value = version


def asked(kind, *examples, context=None, **spec):
    """Return a request for one signature."""
    request = kind(input=taken(*examples, context=context))
    fill_spec(request.model_spec, **spec)
    return request


def classify(*examples, **more):
    """Return the bytes of a ClassificationRequest."""
    return asked(ClassificationRequest, *examples, **more).SerializeToString()


def regress(*examples, **more):
    """Return the bytes of a RegressionRequest."""
    return asked(RegressionRequest, *examples, **more).SerializeToString()


def multi_inference(tasks, *examples, context=None, name="own"):
    """Return the bytes of a MultiInferenceRequest; tasks are signatures with their methods."""
    request = MultiInferenceRequest(input=taken(*examples, context=context))
    for signature, method in tasks:
        task = request.tasks.add(method_name=method)
        fill_spec(task.model_spec, signature, name)
    return request.SerializeToString()


def classified(*rows, **spec):
    """Return a ClassificationResponse; each row has its classes, labels with scores."""
    response = ClassificationResponse()
    response.result.SetInParent()
    fill_spec(response.model_spec, **spec)
    fill_classes(response.result, rows)
    return response


def fill_classes(result, rows):
    """Write a ClassificationResult."""
    for row in rows:
        classes = result.classifications.add().classes
        for label, score in row:
            classes.add(label=label, score=score)


def regressed(*numbers, **spec):
    """Return a RegressionResponse."""
    response = RegressionResponse()
    response.result.SetInParent()
    fill_spec(response.model_spec, **spec)
    for number in numbers:
        response.result.regressions.add(value=number)
    return response
