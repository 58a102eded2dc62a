"""Examples: what classifies them or gives numbers for them, and what other signatures answer."""

from serving_runtime.operations import CLASSIFY, MULTI_INFERENCE, REGRESS
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support import examples
from tests.support.cases import INVALID, OUT_OF_RANGE
from tests.support.examples import example

# The model adds the bias to x: those are the scores. The number is their sum.
NEAR, FAR = example(x=[0.5, 2.0]), example(x=[-1.0, 8.0], bias=[0.25])
CONTEXT = example(bias=[1.0], unknown=[b"\xff"])
LABELS = ("west", "größer")
WHO = {"name": "asked", "version": 7}
UNIMPLEMENTED = "UNIMPLEMENTED"


def rows(*scores):
    """Return the classes of examples by their scores."""
    return [list(zip(LABELS, row)) for row in scores]


def classified(title, sent, *scores, signature="serving_default", labels=LABELS):
    """Return an exchange with a classifier."""
    found = [list(zip(labels, row)) for row in scores]
    return Exchange(title, "examples", signature, sent,
                    examples.classified(*found, signature=signature, **WHO),
                    operation=CLASSIFY)  # fmt: skip


def regressed(title, sent, *numbers, signature="regress"):
    """Return an exchange with a regressor."""
    return Exchange(title, "examples", signature, sent,
                    examples.regressed(*numbers, signature=signature, **WHO),
                    operation=REGRESS)  # fmt: skip


def both():
    """Return what both kinds of tasks answer to two examples."""
    response = examples.MultiInferenceResponse()
    classes, numbers = response.results.add(), response.results.add()
    examples.fill_spec(classes.model_spec, "serving_default", "asked")
    examples.fill_classes(classes.classification_result, rows([0.5, 2.0], [-0.75, 8.25]))
    examples.fill_spec(numbers.model_spec, "regress", "asked")
    for number in (2.5, 7.5):
        numbers.regression_result.regressions.add(value=number)
    return response


def refused(title, model, operation, sent, details, *, status=INVALID):
    """Return an exchange whose request is refused."""
    return Exchange(title, model, "", sent, status=status, details=details, operation=operation)


def not_for(operation, noun, signature, method, was):
    """Return how a signature of another purpose is refused."""
    return (f'signature "{signature}" is not one for {operation}, call it with Predict: Expected '
            f"{noun} signature method_name to be tensorflow/serving/{method}. "
            f"Was: tensorflow/serving/{was}")  # fmt: skip


def tasks(*names, model="asked"):
    """Return the bytes of a request whose tasks are signatures with their methods."""
    return examples.multi_inference(names, NEAR, FAR, name=model)


BOTH = (("", examples.CLASSIFY), ("regress", examples.REGRESS))

EXCHANGES = [
    classified("examples are classified", examples.classify(NEAR, FAR, **WHO),
               [0.5, 2.0], [-0.75, 8.25]),
    classified("a context's features are every example's",
               examples.classify(NEAR, FAR, context=CONTEXT, **WHO), [1.5, 3.0], [-0.75, 8.25]),
    classified("classes without scores", examples.classify(NEAR, signature="labels", **WHO),
               [0.0, 0.0], signature="labels"),
    classified("scores without classes", examples.classify(NEAR, signature="scores", **WHO),
               [0.5, 2.0], signature="scores", labels=("", "")),
    classified("a classifier by its form", examples.classify(NEAR, signature="of_form", **WHO),
               [0.5, 2.0], signature="of_form"),
    regressed("numbers in a column", examples.regress(NEAR, FAR, signature="regress", **WHO),
              2.5, 7.5),
    regressed("numbers in a list", examples.regress(NEAR, FAR, signature="regress_list", **WHO),
              2.5, 7.5, signature="regress_list"),
    Exchange("several on the same examples", "examples", "regress", tasks(*BOTH), both(),
             operation=MULTI_INFERENCE),
    refused("no examples", "examples", CLASSIFY, examples.classify(**WHO),
            "the request has no examples: Input is empty."),
    refused("a feature that is missing", "examples", CLASSIFY,
            examples.classify(example(y=[1.0])), "…"),
    refused("an example that is none", "examples", REGRESS,
            b"\x0a\x09\x1a\x07regress\x12\x06\x0a\x04\x0a\x02\x0a\x09", "…"),
    refused("a context that is none", "examples", CLASSIFY,
            b"\x12\x0a\x12\x08\x0a\x02\x0a\x00\x12\x02\x0a\x09",
            "the context of the examples cannot be read: …"),
    refused("numbers of a classifier", "examples", REGRESS, examples.regress(NEAR),
            not_for("Regress", "regression", "serving_default", "regress", "classify")),
    refused("classes of a regressor", "examples", CLASSIFY,
            examples.classify(NEAR, signature="regress"),
            not_for("Classify", "classification", "regress", "classify", "regress")),
    refused("classes of what predicts", "examples", CLASSIFY,
            examples.classify(NEAR, signature="predict"),
            not_for("Classify", "classification", "predict", "classify", "predict")),
    refused("a classifier of two inputs", "examples", CLASSIFY,
            examples.classify(NEAR, signature="two_inputs"), 'signature "two_inputs" is not one '
            "for Classify, call it with Predict: Expected one input Tensor."),
    refused("scores without a row for each example", "examples", CLASSIFY,
            examples.classify(NEAR, signature="flat_scores"), "the model's scores are no row for "
            "each example: Expected Tensor shape: [batch_size num_classes] but got [2]"),
    refused("two numbers for each example", "examples", REGRESS,
            examples.regress(NEAR, signature="two_numbers"), "the model's outputs are no number "
            "for each example: Expected output Tensor shape to be either [batch_size] or "
            "[batch_size, 1] but got [1,2]"),
    refused("labels that are not UTF-8", "examples", CLASSIFY,
            examples.classify(NEAR, signature="octets"), "a class is called b'\\xff', which is not "
            "UTF-8 as Classify's reply must be: call Predict", status=OUT_OF_RANGE),
    refused("classes of an unknown signature", "examples", CLASSIFY,
            examples.classify(NEAR, signature="regres"), "regres signature is not present in the "
            "model; …"),
    refused("one signature twice", "examples", MULTI_INFERENCE, tasks(BOTH[0], BOTH[0]),
            "two tasks call one signature: Duplicate evaluation of signature: serving_default"),
    refused("a task of Predict", "examples", MULTI_INFERENCE, tasks(("predict", examples.PREDICT)),
            "a task's method is one of tensorflow/serving/classify, tensorflow/serving/regress, "
            "all else is called with Predict: Unsupported signature method_name: "
            "tensorflow/serving/predict", status=UNIMPLEMENTED),
    refused("classes of a model without", "features", CLASSIFY, examples.classify(NEAR),
            not_for("Classify", "classification", "infer", "classify", "predict")),
    refused("numbers of a model without", "features", REGRESS, examples.regress(NEAR),
            not_for("Regress", "regression", "infer", "regress", "predict")),
    refused("several of a model without", "features", MULTI_INFERENCE, tasks(BOTH[0]),
            not_for("Classify", "classification", "infer", "classify", "predict")),
    refused("bytes that classify nothing", "features", CLASSIFY, b"\xff\xfe",
            "not a ClassificationRequest: …"),
    refused("bytes that are no tasks", "features", MULTI_INFERENCE, b"\xff\xfe",
            "not a MultiInferenceRequest: …"),
]  # fmt: skip
