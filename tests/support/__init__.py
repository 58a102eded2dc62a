"""The harness of all tests, a library: what two folders of tests or an experiment share.

Nothing here is a test. What is served, and by what:
    models, obedient_model   model directories; one model does whatever a request tells it to
    targets                  ways to serve a directory: in this process, by a server on loopback
    stage                    serve one model after another, the next ones starting meanwhile
    services                 a served model as its callers see it: calls in, answers out
    servers, processes       a server to look into, to hurt and to end with all that it started
    fixtures                 pytest's, for folders that start servers
    balancer, authority      what stands around a server: a load balancer, a CA
    newcomer                 a copy of the checkout with a framework that nobody else knows
What is sent, and what must come back:
    cases                    one call in no protocol's terms
    wire, wires/             each protocol in each codec: writes cases, reads their outcomes
    messages                 TensorFlow Serving's messages, field by field
    callers                  many clients at once, who check every answer
    odd_requests             requests of every form that protobuf allows, and some that it forbids
    differential             two ways to read a request, compared
    hostile/                 frames and requests that no client sends in good faith
    memory                   how much a process has used at its peak
"""
