// Many targets in one process: each has an address of 127.0.0.0/8 of its own, and gives one of the
// profiles of the command line as its heap. It prints "ready" once all listen.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func heap(body []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/heap", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("debug") != "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(body)
	})
	return mux
}

// Address of the n-th target: 127.1.0.1, 127.1.0.2, …
func address(n, port int) string {
	return fmt.Sprintf("127.1.%d.%d:%d", n/250, n%250+1, port)
}

func main() {
	count := flag.Int("count", 100, "targets")
	first := flag.Int("first", 0, "number of the first one")
	port := flag.Int("port", 6060, "of all of them")
	flag.Parse()
	var handlers []http.Handler
	for _, name := range flag.Args() {
		body, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		handlers = append(handlers, heap(body))
	}
	for i := *first; i < *first+*count; i++ {
		listener, err := net.Listen("tcp", address(i, *port))
		if err != nil {
			log.Fatal(err)
		}
		server := &http.Server{Handler: handlers[i%len(handlers)], IdleTimeout: 10 * time.Minute}
		go func() { log.Fatal(server.Serve(listener)) }()
	}
	fmt.Println("ready")
	select {}
}
