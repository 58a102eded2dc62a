// Call one method all the time with a prebuilt request, with grpc-java's defaults.
//
// Caller ADDRESS METHOD REQUEST_FILE REPLY_FILE SECONDS LANES [retry]

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

public final class Caller {
    /** Bytes as they are: the request is prebuilt, the reply compared. */
    private static final MethodDescriptor.Marshaller<byte[]> BYTES =
            new MethodDescriptor.Marshaller<byte[]>() {
                @Override
                public InputStream stream(byte[] value) {
                    return new ByteArrayInputStream(value);
                }

                @Override
                public byte[] parse(InputStream stream) {
                    try {
                        ByteArrayOutputStream all = new ByteArrayOutputStream();
                        byte[] some = new byte[65536];
                        for (int size = stream.read(some); size >= 0; size = stream.read(some)) {
                            all.write(some, 0, size);
                        }
                        return all.toByteArray();
                    } catch (IOException error) {
                        throw new UncheckedIOException(error);
                    }
                }
            };

    private static int answered = 0;
    private static final Map<String, Integer> failed = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        byte[] request = Files.readAllBytes(Paths.get(arguments[2]));
        byte[] expected = Files.readAllBytes(Paths.get(arguments[3]));
        long end = System.nanoTime() + (long) (Double.parseDouble(arguments[4]) * 1e9);
        MethodDescriptor<byte[], byte[]> method =
                MethodDescriptor.<byte[], byte[]>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName(arguments[1].substring(1))
                        .setRequestMarshaller(BYTES)
                        .setResponseMarshaller(BYTES)
                        .build();
        ManagedChannelBuilder<?> builder =
                ManagedChannelBuilder.forTarget(arguments[0]).usePlaintext().maxInboundMessageSize(1 << 30);
        if (arguments.length > 6) {
            builder.enableRetry().perRpcBufferLimit(64 << 20).retryBufferSize(1 << 30);
            builder.defaultServiceConfig(retryConfig());
        }
        ManagedChannel channel = builder.build();
        Thread[] lanes = new Thread[Integer.parseInt(arguments[5])];
        for (int number = 0; number < lanes.length; number++) {
            lanes[number] = new Thread(() -> lane(channel, method, request, expected, end));
            lanes[number].start();
        }
        for (Thread lane : lanes) {
            lane.join();
        }
        System.out.println("{\"answered\": " + answered + ", \"failed\": {" + listed() + "}}");
        channel.shutdownNow();
    }

    private static void lane(
            ManagedChannel channel,
            MethodDescriptor<byte[], byte[]> method,
            byte[] request,
            byte[] expected,
            long end) {
        while (System.nanoTime() < end) {
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
            try {
                byte[] reply = ClientCalls.blockingUnaryCall(channel, method, options, request);
                note(Arrays.equals(reply, expected) ? "" : "wrong answer");
            } catch (StatusRuntimeException error) {
                note(error.getStatus().getCode() + ": " + error.getStatus().getDescription());
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException error) {
                return;
            }
        }
    }

    private static synchronized void note(String what) {
        if (what.isEmpty()) {
            answered++;
        } else {
            failed.merge(what, 1, Integer::sum);
        }
    }

    private static String listed() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Integer> entry : failed.entrySet()) {
            String name = entry.getKey().replace("\\", " ").replace("\"", "'").replace("\n", " ");
            text.append(text.length() == 0 ? "" : ", ");
            text.append("\"").append(name).append("\": ").append(entry.getValue());
        }
        return text.toString();
    }

    /** The service config of docs/clients.md, as grpc-java takes it. */
    private static Map<String, ?> retryConfig() {
        Map<String, Object> policy = new HashMap<>();
        policy.put("maxAttempts", 4.0);
        policy.put("initialBackoff", "0.05s");
        policy.put("maxBackoff", "1s");
        policy.put("backoffMultiplier", 2.0);
        policy.put("retryableStatusCodes", Collections.singletonList("UNAVAILABLE"));
        Map<String, Object> methods = new HashMap<>();
        methods.put("name", Collections.singletonList(Collections.emptyMap()));
        methods.put("retryPolicy", policy);
        return Collections.singletonMap("methodConfig", Collections.singletonList(methods));
    }
}
