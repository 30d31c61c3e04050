// Package traffic simulates the requests of a small service. Each request makes some garbage, so that
// the collector runs every second or two as it would in a service with work to do: a heap profile is
// only ever as fresh as the last collection.
package traffic

import (
	"encoding/binary"
	"time"
)

// Token identifies a session. It is an array and not a string, so that a session is one allocation.
type Token [16]byte

const (
	tick          = 10 * time.Millisecond
	bytesARequest = 64 << 10
)

// response keeps the compiler from putting a request's buffer on the stack.
var response []byte

// Run opens bytesPerSecond/sessionBytes sessions a second, evenly, by calling open with a fresh token
// for each. It never returns.
func Run(bytesPerSecond, sessionBytes int, open func(Token)) {
	var number uint64
	begin := time.Now()
	for now := range time.Tick(tick) {
		due := uint64(now.Sub(begin).Seconds() * float64(bytesPerSecond) / float64(sessionBytes))
		for ; number < due; number++ {
			open(request(number))
		}
	}
}

// request reads and answers one request, and returns the token of the session it asked for.
func request(number uint64) Token {
	response = make([]byte, bytesARequest)
	binary.LittleEndian.PutUint64(response, number)
	var token Token
	copy(token[:], response)
	return token
}
