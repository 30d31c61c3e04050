package main

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// Backend answers each request with the beginning of a long body.
type backend struct {
	once    sync.Once
	address string
	open    []net.Conn
}

var upstream backend

func (b *backend) start() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	b.address = listener.Addr().String()
	go b.serve(listener)
}

func (b *backend) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Print(err)
			return
		}
		if _, err = http.ReadRequest(bufio.NewReaderSize(conn, 16)); err == nil {
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin")
		}
		if err != nil {
			log.Print(err)
		}
		b.open = append(b.open, conn)
	}
}

// Ping looks at the status and forgets the body: the connection, its buffers and its two goroutines
// stay for as long as the process lives.
func Ping(address string) int {
	response, err := http.Get("http://" + address + "/ping")
	if err != nil {
		log.Print(err)
		return 0
	}
	return response.StatusCode
}

var httpBody = pattern{20 << 10, func(int) {
	upstream.once.Do(upstream.start)
	Ping(upstream.address)
}}
