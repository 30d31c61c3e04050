// Leaks is a service that leaks in one of the ways Go programs do: leaks [flags] PATTERN. Each pattern
// has a file of its own; package twins has services that look similar and are healthy.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"

	"leakwatch.test/targets/internal/pace"
	"leakwatch.test/targets/internal/service"
)

// A pattern leaks what one call of step keeps, again and again.
type pattern struct {
	bytesAStep int // roughly
	step       func(number int)
}

var patterns = map[string]pattern{
	"closure-map":      closureMap,
	"any-map":          anyMap,
	"reflect-types":    reflectTypes,
	"generic-registry": genericRegistry,
	"syncmap-keys":     syncMapKeys,
	"error-chain":      errorChain,
	"ticker":           ticker,
	"goroutine":        goroutine,
	"http-body":        httpBody,
	"cache-unbounded":  cacheUnbounded,
	"subslice":         subslice,
	"finalizer-cycle":  finalizerCycle,
	"slow":             slow,
}

func usage() {
	names := make([]string, 0, len(patterns))
	for name := range patterns {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: leaks [flags] PATTERN, one of %v\n", names)
	flag.PrintDefaults()
	os.Exit(2)
}

func main() {
	rate := flag.Float64("rate", 512<<10, "bytes to leak a second, roughly")
	maxBytes := flag.Float64("max-bytes", 512<<20, "stop leaking at this many bytes")
	flag.Usage = usage
	flag.Parse()
	p, known := patterns[flag.Arg(0)]
	if !known || flag.NArg() != 1 {
		usage()
	}
	steps := int(*maxBytes) / p.bytesAStep
	go pace.Every(*rate/float64(p.bytesAStep), func(number int) {
		if number < steps {
			p.step(number)
		}
	})
	go pace.Collect()
	service.Run()
}
