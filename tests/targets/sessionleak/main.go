// Sessionleak is a service that leaks: it opens sessions and nobody ever closes them. Its healthy twin
// is sessionlru; the two differ in nothing but the eviction.
package main

import (
	"flag"

	"leakwatch.test/targets/internal/service"
	"leakwatch.test/targets/internal/traffic"
)

const sessionBytes = 1 << 10

// Session is what the service remembers about one user.
type Session struct {
	token  traffic.Token
	user   uint64
	buffer [sessionBytes - 24]byte
}

// Store holds the sessions by their tokens.
type Store struct {
	sessions map[traffic.Token]*Session
	limit    int // sessions; there only so that a demo left alone does not eat the machine
}

// Open makes a session. There is no Close: this is the leak.
func (s *Store) Open(token traffic.Token) {
	if len(s.sessions) >= s.limit {
		return
	}
	s.sessions[token] = &Session{token: token, user: uint64(len(s.sessions))}
}

func main() {
	rate := flag.Int("rate", 512<<10, "bytes of sessions to open a second")
	maxBytes := flag.Int("max-bytes", 1<<30, "stop growing at this many bytes of sessions")
	flag.Parse()
	store := &Store{sessions: make(map[traffic.Token]*Session), limit: *maxBytes / sessionBytes}
	go traffic.Run(*rate, sessionBytes, store.Open)
	service.Run()
}
