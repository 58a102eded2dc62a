// Call one method all the time with a prebuilt request, with grpc-go's defaults.
//
// caller ADDRESS METHOD REQUEST_FILE REPLY_FILE SECONDS LANES [SERVICE_CONFIG]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"os"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// Bytes as they are: the request is prebuilt, the reply compared.
type rawCodec struct{}

func (rawCodec) Marshal(v interface{}) ([]byte, error) { return *(v.(*[]byte)), nil }
func (rawCodec) Unmarshal(data []byte, v interface{}) error {
	*(v.(*[]byte)) = append([]byte(nil), data...)
	return nil
}
func (rawCodec) Name() string { return "proto" }

func read(path string) []byte {
	data, err := ioutil.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return data
}

func main() {
	address, method := os.Args[1], os.Args[2]
	request, expected := read(os.Args[3]), read(os.Args[4])
	seconds, _ := strconv.ParseFloat(os.Args[5], 64)
	lanes, _ := strconv.Atoi(os.Args[6])
	options := []grpc.DialOption{
		grpc.WithInsecure(),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(1<<30), grpc.MaxCallSendMsgSize(1<<30)),
	}
	if len(os.Args) > 7 {
		// A call that is larger than this is not kept for another try: 256 KiB by default.
		kept := grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(64 << 20))
		options = append(options, grpc.WithDefaultServiceConfig(os.Args[7]), kept)
	}
	connection, err := grpc.Dial(address, options...)
	if err != nil {
		panic(err)
	}
	answered, failed := 0, map[string]int{}
	var lock sync.Mutex
	var all sync.WaitGroup
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for lane := 0; lane < lanes; lane++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				var reply []byte
				err := connection.Invoke(ctx, method, &request, &reply)
				cancel()
				lock.Lock()
				if err != nil {
					failed[fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message())]++
				} else if !bytes.Equal(reply, expected) {
					failed["wrong answer"]++
				} else {
					answered++
				}
				lock.Unlock()
				time.Sleep(5 * time.Millisecond)
			}
		}()
	}
	all.Wait()
	result, _ := json.Marshal(map[string]interface{}{"answered": answered, "failed": failed})
	fmt.Println(string(result))
}
