// The limit of gRPC's C++ server with asynchronous queues or callbacks: it answers a prebuilt reply.
//
// echo PORT REPLY_FILE THREADS: each thread drives a completion queue of its own; with 0 threads,
// gRPC's own threads call back.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

class Call {
 public:
  Call(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue,
       const grpc::ByteBuffer* reply)
      : service_(service), queue_(queue), reply_(reply), stream_(&context_) {
    service_->RequestCall(&context_, &stream_, queue_, queue_, this);
  }

  void Step(bool ok) {
    if (!ok || state_ == State::kAnswered) {
      delete this;
    } else if (state_ == State::kWaiting) {
      new Call(service_, queue_, reply_);
      state_ = State::kReading;
      stream_.Read(&request_, this);
    } else {
      state_ = State::kAnswered;
      stream_.WriteAndFinish(*reply_, grpc::WriteOptions(), grpc::Status::OK, this);
    }
  }

 private:
  enum class State { kWaiting, kReading, kAnswered };

  grpc::AsyncGenericService* service_;
  grpc::ServerCompletionQueue* queue_;
  const grpc::ByteBuffer* reply_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer request_;
  State state_ = State::kWaiting;
};

void Drive(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue,
           const grpc::ByteBuffer* reply) {
  new Call(service, queue, reply);
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Step(ok);
}

class Reactor : public grpc::ServerGenericBidiReactor {
 public:
  explicit Reactor(const grpc::ByteBuffer* reply) : reply_(reply) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (ok) {
      StartWriteAndFinish(reply_, grpc::WriteOptions(), grpc::Status::OK);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }

  void OnDone() override { delete this; }

 private:
  const grpc::ByteBuffer* reply_;
  grpc::ByteBuffer request_;
};

class CallbackService : public grpc::CallbackGenericService {
 public:
  explicit CallbackService(const grpc::ByteBuffer* reply) : reply_(reply) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Reactor(reply_);
  }

 private:
  const grpc::ByteBuffer* reply_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::ifstream file(argv[2], std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer reply(&slice, 1);

  const int thread_count = std::stoi(argv[3]);

  grpc::AsyncGenericService service;
  CallbackService callback_service(&reply);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::string(argv[1]), grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(-1);
  builder.SetMaxSendMessageSize(-1);
  if (thread_count) {
    builder.RegisterAsyncGenericService(&service);
  } else {
    builder.RegisterCallbackGenericService(&callback_service);
  }
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues(thread_count);
  for (auto& queue : queues) queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  std::vector<std::thread> threads;
  for (auto& queue : queues) threads.emplace_back(Drive, &service, queue.get(), &reply);
  for (auto& thread : threads) thread.join();
  server->Wait();
}
