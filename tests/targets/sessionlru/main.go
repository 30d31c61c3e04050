// Sessionlru is the healthy twin of sessionleak: the same traffic, but the oldest session makes room
// for the newest once the store is full, which takes a few seconds.
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

// Store holds the newest sessions by their tokens.
type Store struct {
	sessions map[traffic.Token]*Session
	ages     []traffic.Token // a ring: the token at next is the oldest once the store is full
	next     int
}

// Open makes a session. It is the least recently opened one that goes: nothing here uses a session
// again, so this is the least recently used one too.
func (s *Store) Open(token traffic.Token) {
	if len(s.sessions) == len(s.ages) {
		delete(s.sessions, s.ages[s.next])
	}
	s.ages[s.next] = token
	s.next = (s.next + 1) % len(s.ages)
	s.sessions[token] = &Session{token: token, user: uint64(len(s.sessions))}
}

func main() {
	rate := flag.Int("rate", 512<<10, "bytes of sessions to open a second")
	maxBytes := flag.Int("max-bytes", 4<<20, "keep this many bytes of sessions")
	flag.Parse()
	store := &Store{
		sessions: make(map[traffic.Token]*Session),
		ages:     make([]traffic.Token, *maxBytes/sessionBytes),
	}
	go traffic.Run(*rate, sessionBytes, store.Open)
	service.Run()
}
