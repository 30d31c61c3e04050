// The program of tests/unit/test_binaries.c: allocates, listens at the address of its first argument,
// writes its heap profile to the file of the second, says its port and stays until its input ends.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
)

type Entry struct{ body [128]byte }

var (
	entries []*Entry
	blocks  [][]byte
)

//go:noinline
func newEntry() *Entry { return new(Entry) }

//go:noinline
func newBlock(n int) []byte { return make([]byte, n) }

func main() {
	runtime.MemProfileRate = 1
	for i := 0; i < 1000; i++ {
		entries = append(entries, newEntry())
		blocks = append(blocks, newBlock(100+i))
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.GC()
	runtime.GC()
	file, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	if err := pprof.WriteHeapProfile(file); err != nil {
		panic(err)
	}
	file.Close()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(io.Discard, len(entries), len(blocks))
}
