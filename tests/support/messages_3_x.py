"""Write Hydrosphere 3.x's messages field by field, from those of the generations before."""

from hydro_serving_grpc.messages import message_class

PredictRequest = message_class("hydrosphere.serving.runtime.PredictRequest")
PredictResponse = message_class("hydrosphere.serving.runtime.PredictResponse")
MessageTensor = message_class("hydrosphere.serving.contract.Tensor")
TensorShape = message_class("hydrosphere.serving.contract.TensorShape")
MapTensorData = message_class("hydrosphere.serving.contract.MapTensorData")


def request(message):
    """Return a request with the inputs of an older one."""
    return PredictRequest(inputs={name: tensor(it) for name, it in message.inputs.items()})


def reply(message):
    """Return a reply with the outputs of an older one."""
    return PredictResponse(outputs={name: tensor(it) for name, it in message.outputs.items()})


def tensor(message):
    """Return a tensor with what a TensorProto has; its numbers mean the same."""
    fields = {field.name: value for field, value in message.ListFields()}
    if "tensor_content" in fields:
        fields["binary_val"] = fields.pop("tensor_content")
    if "tensor_shape" in fields:
        fields["tensor_shape"] = TensorShape(dims=[it.size for it in message.tensor_shape.dim])
    if "map_val" in fields:
        fields["map_val"] = [
            MapTensorData(subtensors={name: tensor(it) for name, it in item.subtensors.items()})
            for item in message.map_val
        ]
    return MessageTensor(**fields)
