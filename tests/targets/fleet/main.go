// Fleet pretends to be many services: one process that listens on many ports of one address, and serves
// on each a heap profile that changes a little every second. /count on any port tells how often that
// port's profile was read.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// source makes the profile of the current second once, for whoever asks first.
type source struct {
	mu      sync.Mutex
	sites   int
	begin   time.Time
	round   uint64
	profile []byte
}

func (s *source) current() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	round := uint64(time.Since(s.begin)/time.Second) + 1
	if round != s.round {
		s.round, s.profile = round, heapProfile(s.sites, round)
	}
	return s.profile
}

func serve(listener net.Listener, profiles *source) {
	var reads atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/heap", func(w http.ResponseWriter, r *http.Request) {
		reads.Add(1)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(profiles.current())
	})
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, reads.Load())
	})
	log.Fatal(http.Serve(listener, mux))
}

func main() {
	targets := flag.Int("targets", 200, "ports to listen on")
	sites := flag.Int("sites", 50, "allocation sites of each profile")
	flag.Parse()
	profiles := &source{sites: *sites, begin: time.Now()}
	for i := 0; i < *targets; i++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("listening on http://%s\n", listener.Addr())
		go serve(listener, profiles)
	}
	select {}
}
