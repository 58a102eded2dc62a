// Call one method all the time with a prebuilt request, with grpc-js's defaults.
//
// caller.js ADDRESS METHOD REQUEST_FILE REPLY_FILE SECONDS LANES [SERVICE_CONFIG]
const fs = require("fs");
const grpc = require("@grpc/grpc-js");

const [, , address, method, requestFile, replyFile, seconds, lanes, serviceConfig] = process.argv;
const request = fs.readFileSync(requestFile);
const expected = fs.readFileSync(replyFile);
const options = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
if (serviceConfig) {
  options["grpc.service_config"] = serviceConfig;
  // A call that is larger than this is not kept for another try: 1 MiB by default.
  options["grpc.per_rpc_retry_buffer_size"] = 64 << 20;
  options["grpc.retry_buffer_size"] = 1 << 30;
}
const client = new grpc.Client(address, grpc.credentials.createInsecure(), options);
const end = Date.now() + Number(seconds) * 1000;
const asIs = (bytes) => bytes;
const result = { answered: 0, failed: {} };

function note(error, reply) {
  if (!error && reply.equals(expected)) {
    result.answered += 1;
    return;
  }
  const what = error ? `${grpc.status[error.code]}: ${error.details}` : "wrong answer";
  result.failed[what] = (result.failed[what] || 0) + 1;
}

function callOnce() {
  return new Promise((resolve) => {
    const deadline = Date.now() + 30000;
    client.makeUnaryRequest(method, asIs, asIs, request, { deadline }, (error, reply) => {
      note(error, reply);
      setTimeout(resolve, 5);
    });
  });
}

async function lane() {
  while (Date.now() < end) await callOnce();
}

Promise.all(Array.from({ length: Number(lanes) }, lane)).then(() => {
  console.log(JSON.stringify(result));
  client.close();
});
