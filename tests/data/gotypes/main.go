// A program whose allocation sites tests/unit/test_gotypes_go.c looks for. It keeps what it allocates and
// prints the stacks that its own memory profile has: bytes in use, then the return addresses, in hex.
package main

import (
	"fmt"
	"runtime"
)

type Entry struct {
	key  string
	next *Entry
}

type Session struct{ id [64]byte }

type Node[T any] struct {
	value T
	next  *Node[T]
}

var kept []any

//go:noinline
func object() { kept = append(kept, &Entry{key: "a"}) }

// A File and its Reader know each other; a Lock knows nobody, a List has no finalizer, and a Door never gets
// one: it is only taken away.
type File struct {
	name   string
	reader *Reader
}

type Reader struct {
	parts []struct{ files map[int]*File }
}

type Lock struct{ path [32]byte }

type List struct{ next *List }

//go:noinline
func file() {
	f := &File{}
	runtime.SetFinalizer(f, func(f *File) { f.name = "" })
	kept = append(kept, f)
}

//go:noinline
func lock() {
	l := &Lock{}
	runtime.SetFinalizer(l, func(*Lock) {})
	kept = append(kept, l)
}

type Door struct{ next *Door }

//go:noinline
func door() {
	d := &Door{}
	runtime.SetFinalizer(d, nil)
	kept = append(kept, d)
}

//go:noinline
func list() { kept = append(kept, &List{}) }

// What is kept of a message: a part of it, in a list, behind its beginning, in a variable, by a caller;
// or all of it, part or all, a part that depends.
var (
	ids   [][]byte
	first []byte
	title string
)

type Header struct {
	number int
	id     []byte
}

//go:noinline
func partInList() { ids = append(ids, make([]byte, 4096)[:16]) }

//go:noinline
func partBehind(h *Header) { h.id = make([]byte, 4096)[64:80] }

//go:noinline
func partInVariable() { first = make([]byte, 4096)[:24] }

//go:noinline
func partOfEntries() []Session { return make([]Session, 64) }

//go:noinline
func partByCaller() { kept = append(kept, &struct{ newest []Session }{partOfEntries()[:2]}) }

//go:noinline
func partOfString(b []byte) { title = string(b)[:4] }

//go:noinline
func whole() { ids = append(ids, make([]byte, 4096)) }

//go:noinline
func partAndWhole(h *Header) {
	message := make([]byte, 4096)
	h.id = message[:16]
	first = message
}

//go:noinline
func withRoom(h *Header) { h.id = make([]byte, 0, 4096) }

//go:noinline
func withRoomUsed(h *Header) { h.id = make([]byte, 16, 4096) }

//go:noinline
func someOf(n int) { first = make([]byte, 4096)[:n] }

//go:noinline
func slice(n int) { kept = append(kept, make([]Session, n)) }

//go:noinline
func table() {
	m := map[string]*Session{}
	for i := 0; i < 20; i++ {
		m[fmt.Sprint(i)] = nil
	}
	kept = append(kept, m)
}

//go:noinline
func channel(n int) { kept = append(kept, make(chan Session, n)) }

//go:noinline
func closure(n int) {
	buf := make([]byte, n)
	kept = append(kept, func() int { buf[0]++; return n })
}

//go:noinline
func generic[T any](n int) { kept = append(kept, make([]T, n), &Node[T]{}) }

func main() {
	runtime.MemProfileRate = 1
	for i := 0; i < 8; i++ {
		object()
		header := &Header{}
		partInList()
		partBehind(header)
		partInVariable()
		partByCaller()
		partOfString(make([]byte, 512))
		whole()
		partAndWhole(header)
		withRoom(header)
		withRoomUsed(header)
		someOf(i)
		file()
		lock()
		list()
		door()
		slice(3 + i%2)
		table()
		channel(3 + i%2)
		closure(100 + i%2)
		generic[Entry](3 + i%2)
		generic[*Session](3 + i%2)
	}
	runtime.GC()
	runtime.GC()
	records := make([]runtime.MemProfileRecord, 10000)
	n, _ := runtime.MemProfile(records, true)
	for _, r := range records[:n] {
		if r.InUseBytes() == 0 {
			continue
		}
		fmt.Print(r.InUseBytes())
		for _, pc := range r.Stack() {
			fmt.Printf(" %x", pc)
		}
		fmt.Println()
	}
	runtime.KeepAlive(kept)
}
