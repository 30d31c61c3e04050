// Twins is a service whose memory goes up and does not leak: twins [flags] BEHAVIOUR. Its seconds stand
// for minutes, as those of package leaks do.
package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"leakwatch.test/targets/internal/pace"
	"leakwatch.test/targets/internal/service"
)

const (
	objectBytes = 4 << 10
	perSecond   = 128 // objects
)

// Object is what all of them allocate.
type Object struct {
	data [objectBytes]byte
}

var behaviours = map[string]func(number int){
	"lru":       lru,
	"warm-up":   warmUp,
	"pool":      pool,
	"sawtooth":  sawtooth,
	"daily":     daily,
	"ramp":      ramp,
	"one-off":   oneOff,
	"restart":   restart,
	"finalizer": finalizer,
	"parts":     parts,
}

// seconds says how long the service has run.
func seconds(number int) float64 { return float64(number) / perSecond }

// ---- a cache that evicts ----

var (
	newest = map[int]*Object{}
	lruMax = 2000
)

func lru(number int) {
	newest[number] = new(Object)
	delete(newest, number-lruMax)
}

// ---- a warm-up that ends ----

var warm []*Object

func warmUp(number int) {
	if seconds(number) < 40 {
		warm = append(warm, new(Object), new(Object))
	}
}

// ---- sync.Pool ----

var objects = sync.Pool{New: func() interface{} { return new(Object) }}

func pool(number int) {
	var taken [64]*Object
	for i := range taken[:1+rand.Intn(len(taken))] {
		taken[i] = objects.Get().(*Object)
	}
	for _, object := range taken {
		if object != nil {
			objects.Put(object)
		}
	}
}

// ---- batches ----

var batch []*Object

func sawtooth(number int) {
	if int(seconds(number))%25 == 0 {
		batch = nil
	}
	batch = append(batch, new(Object), new(Object))
}

// ---- load ----

// alive holds objects that live for three seconds, so that what is in use follows the load.
var alive []*Object

const lifeSeconds = 3

func hold(count int) {
	for i := 0; i < count; i++ {
		alive = append(alive, new(Object))
	}
}

// request keeps what the newest requests of three seconds keep, `share` objects each.
func request(share float64) {
	hold(int(share) + rand.Intn(2))
	if over := len(alive) - int(share*perSecond*lifeSeconds); over > 0 {
		alive = append([]*Object(nil), alive[over:]...)
	}
}

func daily(number int) {
	request(8 + 6*math.Sin(2*math.Pi*seconds(number)/90))
}

// ramp goes on for ten minutes, longer than anyone watches.
func ramp(number int) {
	request(2 + math.Min(seconds(number), 600)/20)
}

// ---- a load that comes once ----

var table []*Object

func oneOff(number int) {
	if number == 45*perSecond {
		for i := 0; i < 8000; i++ {
			table = append(table, new(Object))
		}
	}
}

// ---- a process that restarts ----

// restart warms up, and begins anew after a minute at the address it had.
func restart(number int) {
	warmUp(number * 4)
	if number != 60*perSecond {
		return
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	arguments := []string{self, "-listen=" + service.Address(), "restart"}
	if err := syscall.Exec(self, arguments, os.Environ()); err != nil {
		panic(err)
	}
}

// ---- finalizers, and cycles, but no cycle with a finalizer ----

// File has a finalizer and refers to no other file, Node is in a cycle and has none.
type File struct {
	data [objectBytes]byte
}

type Node struct {
	data [objectBytes]byte
	next *Node
}

func finalizer(int) {
	file := new(File)
	runtime.SetFinalizer(file, func(f *File) { f.data[0] = 0 })
	node := new(Node)
	node.next = &Node{next: node}
}

// ---- small parts of large arrays, of which copies are kept, or few ----

var (
	newestParts [64][]byte
	copies      = map[int][]byte{}
)

func parts(number int) {
	message := make([]byte, 8*objectBytes)
	newestParts[number%len(newestParts)] = message[:16]
	copies[number] = append([]byte(nil), message[:16]...)
	delete(copies, number-lruMax)
}

func main() {
	flag.Parse()
	do, known := behaviours[flag.Arg(0)]
	if !known || flag.NArg() != 1 {
		names := make([]string, 0, len(behaviours))
		for name := range behaviours {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Fprintf(os.Stderr, "usage: twins [flags] BEHAVIOUR, one of %v\n", names)
		os.Exit(2)
	}
	go pace.Every(perSecond, do)
	go pace.Collect()
	go func() {
		for range time.Tick(100 * time.Millisecond) { // some garbage, as requests make
			_ = strings.Repeat("x", 64<<10)
		}
	}()
	service.Run()
}
