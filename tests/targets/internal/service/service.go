// Package service is what every test target has in common: one listener that serves net/http/pprof.
package service

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof" // registers /debug/pprof on the default mux
)

var listenAddress = flag.String("listen", "127.0.0.1:0", "address to listen on")

var address = make(chan string, 1)

// Address says where Run listens, as soon as it does.
func Address() string {
	a := <-address
	address <- a
	return a
}

// Run listens, says where on standard output, and serves until the process is killed. Flags must have
// been parsed.
func Run() {
	listener, err := net.Listen("tcp", *listenAddress)
	if err != nil {
		log.Fatal(err)
	}
	address <- listener.Addr().String()
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
