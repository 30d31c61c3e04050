package main

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"

	"example.com/leakwatchd/corpus/internal/shop"
)

type point struct{ x, y int }

type node struct {
	left, right *node
	data        [64]byte
}

type nested struct {
	name  string
	inner struct {
		id   int
		tags []string
		deep struct{ a, b *point }
	}
	anonymous []struct {
		Key   string
		value float64
	}
}

type reader interface{ Read() int }

type embedding struct {
	reader
	*point
	sync.Mutex
	header http.Header
}

func (p *point) Read() int { return p.x }

type celsius float64
type label string
type flags uint8
type pair [2]string
type handler func(int) int

//go:noinline
func objects(i int) {
	keep(&point{i, i})
	keep(&node{left: new(node)})
	keep(new(nested))
	keep(&embedding{reader: &point{i, 0}, point: new(point)})
	keep(new(int))
	keep(new(string))
	keep(new([]byte))
	keep(new(map[string]int))
	keep(new(chan int))
	keep(new(func(string) error))
	keep(new(interface{ hidden() }))
	keep(new(interface{ String() string }))
	keep(new([3]*node))
	keep(new([0]int))
	keep(new(struct{}))
	keep(&struct {
		A int
		b []string
	}{i, nil})
	keep(&struct {
		point
		next *node `weak:"yes"`
	}{})
	keep(new(complex128))
	keep(new(shop.Order))
	keep(new(*shop.Order))
	keep(new(http.Request))
	keep(new(time.Time))
	keep(new(sync.Map))
	type local struct{ v [5]int }
	keep(new(local))
	func() {
		type local struct{ w [9]string }
		keep(new(local))
	}()
	var escaped [10]point
	keep(&escaped)
	keep(shop.NewOrder(i))
}

//go:noinline
func closures(i int) {
	buffer := make([]byte, 128+i)
	name := "n" + string(rune('a'+i%26))
	count := 0
	keep(func() int { return len(buffer) })
	keep(func() { count++ })
	keep(func(s string) string { return s + name })
	keep(func() (int, string, []byte) { return i, name, buffer })
	p := &point{i, i}
	keep(p.Read)
	keep(reader(p).Read)
	keep(handler(func(n int) int { return n + i }))
	keep(func() func() int { return func() int { return i + len(name) } }())
	defer func() { keep(count) }()
}

//go:noinline
func slices(n int) {
	n += 10
	keep(make([]byte, n))
	keep(make([]int, n))
	keep(make([]string, n))
	keep(make([]*node, n))
	keep(make([]node, n))
	keep(make([][]byte, n))
	keep(make([]map[string]*point, n))
	keep(make([]struct{ a, B int }, n))
	keep(make([]reader, n))
	keep(make([]func(), n))
	keep(make([]float64, n, n*2))
	keep(make([]pair, int64(n)))
	keep(make([]shop.Item, uint8(n)))
	keep(make([]struct{}, n))
	keep([]int{n, n + 1, n + 2})
	keep([]any{n, "x", nil})
	keep([]*point{{n, 0}, {0, n}})
	keep([...]string{"a", string(rune(n))})
	from := make([]uint16, n)
	clone := make([]uint16, len(from))
	copy(clone, from)
	keep(clone)
	pointers := []*node{nil}
	cloned := make([]*node, len(pointers))
	copy(cloned, pointers)
	keep(cloned)
}

//go:noinline
func growth(n int) {
	var ints []int
	var texts []string
	var nodes []*node
	var structs []nested
	var ifaces []reader
	var matrix [][]float64
	var raw []byte
	var anonymous []struct{ k, v string }
	for i := 0; i < 4+n%3; i++ {
		ints = append(ints, i)
		texts = append(texts, "t")
		nodes = append(nodes, &node{})
		structs = append(structs, nested{})
		ifaces = append(ifaces, &point{})
		matrix = append(matrix, make([]float64, i))
		raw = append(raw, "bytes"...)
		raw = append(raw, make([]byte, n)...)
		anonymous = append(anonymous, struct{ k, v string }{"k", "v"})
	}
	keep(ints)
	keep(texts)
	keep(nodes)
	keep(structs)
	keep(ifaces)
	keep(matrix)
	keep(raw)
	keep(anonymous)
	keep(append([]byte(nil), raw...))
	keep(append([]shop.Item(nil), shop.Items(n)...))
}

//go:noinline
func maps(n int) {
	m32 := make(map[uint32]string)
	m64 := make(map[int64][]byte, n)
	m64p := make(map[*point]int)
	mstr := map[string]*node{}
	mstruct := make(map[point]celsius, 100)
	miface := make(map[any]int)
	mlarge := make(map[[40]int]bool)
	mbig := make(map[int][300]byte)
	mset := make(map[label]struct{}, int64(n))
	morder := make(map[shop.ID]*shop.Order)
	mfloat := map[float64]map[string]int{1: {"a": 1}}
	for i := 0; i < 20; i++ {
		m32[uint32(i)] = "x"
		m64[int64(i)] = nil
		m64p[&point{i, i}] = i
		mstr[strings.Repeat("k", i)] = &node{}
		mstruct[point{i, n}] = celsius(i)
		miface[i] = i
		mlarge[[40]int{i}] = true
		mbig[i] = [300]byte{}
		mset[label(strings.Repeat("s", i))] = struct{}{}
		morder[shop.ID(i)] = shop.NewOrder(i)
		mfloat[float64(i)] = map[string]int{"i": i}
	}
	for _, m := range []any{m32, m64, m64p, mstr, mstruct, miface, mlarge, mbig, mset, morder, mfloat} {
		keep(m)
	}
	keep(map[string]string{"literal": "one", "of": "a", "few": "entries"})
	var lazy sync.Map
	lazy.Store(n, &point{n, n})
	lazy.Store("s", "t")
	keep(&lazy)
}

//go:noinline
func channels(n int) {
	keep(make(chan int))
	keep(make(chan int, n))
	keep(make(chan string, 7))
	keep(make(chan *node, n))
	keep(make(chan struct{}))
	keep(make(chan nested, int64(n)))
	keep((<-chan error)(make(chan error, 1)))
	keep(make(chan<- shop.Order, 2))
	keep(make(chan (<-chan int), n))
	keep(make(chan func(reader) reader, 1))
}

//go:noinline
func boxes(n int) {
	keep(n)
	keep(uint(n) << 9)
	keep(int8(n))
	keep(int16(n * 300))
	keep(int32(n * 3000))
	keep(uint16(n * 300))
	keep(uint32(n * 3000))
	keep(int64(n * 3000))
	keep(float32(n))
	keep(float64(n))
	keep(complex64(complex(float64(n), 1)))
	keep(complex(float64(n), 2))
	keep(n%2 == 0)
	keep(rune('a' + n))
	keep(celsius(n))
	keep(label(strings.Repeat("b", n)))
	keep(flags(n))
	keep(pair{"a", strings.Repeat("p", n)})
	keep([4]int{n})
	keep(point{n, n})
	keep(nested{name: "boxed"})
	keep(shop.Item{Count: n})
	keep(struct{ A, b int }{n, n})
	keep(time.Duration(n))
	keep(time.Now())
	keep([]byte(strings.Repeat("c", n)))
	keep(shop.ID(n * 1000))
	var r shop.Pricer = shop.Item{Count: n}
	keep(r.Price())
	var e error = shop.Failure{Code: n}
	keep(e)
}

//go:noinline
func texts(n int) {
	a, b := strings.Repeat("a", n+1), strings.Repeat("b", n+2)
	keep(a + b)
	keep(a + "-" + b)
	keep(a + b + a + b)
	keep(a + b + a + b + a)
	keep(a + b + a + b + a + b + a)
	bs := []byte(a)
	keep(bs)
	keep(string(bs))
	rs := []rune(a)
	keep(rs)
	keep(string(rs))
	keep(string(rune(0x4e00 + n)))
	keep(strings.ToUpper(a))
	keep(strings.Split(a+","+b, ","))
	keep(bytes.Join([][]byte{bs, bs}, []byte{'-'}))
	var sb strings.Builder
	sb.WriteString(a)
	sb.WriteByte('x')
	keep(sb.String())
	buffer := bytes.NewBufferString(b)
	buffer.Write(bs)
	keep(buffer)
	keep(append([]byte("prefix"), a...))
}

// branches loads types on several ways to one call.
//
//go:noinline
func branches(n int) {
	var r reader
	switch n % 5 {
	case 0:
		r = &point{n, n}
	case 1:
		r = &embedding{point: &point{n, 1}}
	case 2:
		r = embedding2{n}
	case 3:
		r = &tree{}
	default:
		r = nil
	}
	keep(r)
	for i := 0; i < n%4; i++ {
		if i%2 == 0 {
			keep(&point{i, n})
		} else {
			keep(make([]string, i))
		}
	}
	switch n % 11 {
	case 0:
		keep(new([11]int16))
	case 1:
		keep(new([12]int16))
	case 2:
		keep(new([13]int16))
	case 3:
		keep(new([14]int16))
	case 4:
		keep(new([15]int16))
	case 5:
		keep(new([16]int16))
	case 6:
		keep(new([17]int16))
	case 7:
		keep(new([18]int16))
	case 8:
		keep(make([]int16, n))
	case 9:
		keep(make(map[int16]string, n))
	}
}

type embedding2 struct{ v int }

func (e embedding2) Read() int { return e.v }

type tree struct{ tree []*tree }

func (t *tree) Read() int { return len(t.tree) }

func (e *embedding) Read() int { return 0 }

//go:noinline
func goroutines(n int) {
	if n%5 != 0 {
		return
	}
	ready := make(chan bool)
	forever := make(chan *point)
	data := make([]byte, 1000)
	go func() {
		ready <- true
		<-forever
		keep(data)
	}()
	<-ready
	go wait(forever, n)
	var once sync.Once
	once.Do(func() { keep(n) })
	timer := time.AfterFunc(time.Hour, func() { keep(data) })
	keep(timer)
}

func wait(forever chan *point, n int) { keep(<-forever) }
