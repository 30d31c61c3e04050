// Command corpus allocates in every way a Go program can, keeps some of it, and writes its own heap
// profile. The truth harness (../truth.py) compares the types that leakwatchd reads from the binary
// with the compiler's listing, and with the in-use bytes of the profile.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// Every allocation is in the profile: the rate is set before main runs.
var _ = func() int { runtime.MemProfileRate = 1; return 0 }()

// kept holds what leaks.
var kept []any

//go:noinline
func keep(v any) { kept = append(kept, v) }

// rounds is not a constant, so that nothing is decided at compile time.
var rounds = len(os.Args) * 20

func main() {
	for i := 0; i < rounds; i++ {
		objects(i)
		closures(i)
		slices(i)
		growth(i)
		maps(i)
		channels(i)
		boxes(i)
		texts(i)
		generics(i)
		reflected(i)
		branches(i)
		goroutines(i)
	}
	library()
	if len(os.Args) > 1 {
		writeProfile(os.Args[1])
	}
	runtime.KeepAlive(kept)
}

func writeProfile(path string) {
	runtime.GC()
	runtime.GC()
	file, err := os.Create(path)
	if err == nil {
		err = pprof.WriteHeapProfile(file)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
