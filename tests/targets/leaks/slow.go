package main

import (
	"math/rand"
	"sync"
)

const (
	blockBytes  = 64 << 10
	blocks      = 16 << 10 // 1 GiB of them
	entryBytes  = 1 << 10
	blocksAStep = 20 // at 100 KiB a second all of them are new after eight seconds
)

// AuditEntry is what leaks, little by little.
type AuditEntry struct {
	text [entryBytes]byte
}

// Audit remembers every entry.
type Audit struct {
	entries []*AuditEntry
}

var (
	audit  Audit
	buffer [blocks][]byte
	fill   sync.Once
)

// Log keeps one more entry.
func (a *Audit) Log() {
	a.entries = append(a.entries, new(AuditEntry))
}

// Work replaces blocks of a large heap that does not grow, but for its noise.
func Work(number int) {
	buffer[number] = make([]byte, blockBytes/2+rand.Intn(blockBytes))
}

var slow = pattern{entryBytes, func(int) {
	fill.Do(func() {
		for i := range buffer {
			Work(i)
		}
	})
	audit.Log()
	for i := 0; i < blocksAStep; i++ {
		Work(rand.Intn(blocks))
	}
}}
