package main

import (
	"reflect"
	"sort"
	"strings"

	"example.com/leakwatchd/corpus/internal/shop"
)

type ordered interface {
	~int | ~int64 | ~float64 | ~string
}

type chain[T any] struct {
	head *element[T]
	size int
}

type element[T any] struct {
	value T
	next  *element[T]
}

//go:noinline
func (l *chain[T]) push(v T) {
	l.head = &element[T]{v, l.head}
	l.size++
}

//go:noinline
func (l *chain[T]) all() []T {
	out := make([]T, 0, l.size/2)
	for e := l.head; e != nil; e = e.next {
		out = append(out, e.value)
	}
	return out
}

type cache[K comparable, V any] struct {
	entries map[K]V
	order   []K
	notify  chan V
	onEvict func(K, V)
}

//go:noinline
func newCache[K comparable, V any](size int) *cache[K, V] {
	c := &cache[K, V]{
		entries: make(map[K]V, size),
		notify:  make(chan V, size),
	}
	c.onEvict = func(k K, v V) { c.order = append(c.order, k) }
	return c
}

//go:noinline
func (c *cache[K, V]) put(k K, v V) {
	if c.entries == nil {
		c.entries = make(map[K]V)
	}
	c.entries[k] = v
	c.order = append(c.order, k)
	c.onEvict(k, v)
}

//go:noinline
func mapped[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in)/2)
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

//go:noinline
func boxed[T any](v T) any { return v }

//go:noinline
func pointerTo[T any](v T) *T { return &v }

//go:noinline
func outer[T any](v T, n int) any {
	return inner[T, []T](v, n)
}

//go:noinline
func inner[T, S any](v T, n int) map[string]S {
	m := make(map[string]S, n)
	var s S
	m["k"] = s
	keep(pointerTo(v))
	keep(make(chan T, n))
	keep(boxed(s))
	return m
}

//go:noinline
func sorted[K ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m)/2)
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}

type container[T any] interface {
	push(T)
	all() []T
}

type stack[T any] struct{ items []T }

func (s *stack[T]) push(v T) { s.items = append(s.items, v) }
func (s *stack[T]) all() []T { return s.items }

type either[L, R any] struct {
	left  *L
	right *R
}

//go:noinline
func both[L, R any](l L, r R) either[L, R] { return either[L, R]{&l, &r} }

//go:noinline
func exercise[T any](c container[T], v T, n int) {
	for i := 0; i < n%7+1; i++ {
		c.push(v)
	}
	keep(c.all())
}

//go:noinline
func lazily[T any](n int) func() []T {
	return func() []T {
		keep(new(T))
		return make([]T, n%3+17) // more than shares a block
	}
}

//go:noinline
func instance[T any](v T, n int) {
	l := &chain[T]{}
	l.push(v)
	l.push(v)
	keep(l)
	keep(l.all())
	exercise[T](l, v, n)
	exercise[T](&stack[T]{}, v, n)
	c := newCache[string, T](n)
	c.put("k"+string(rune('a'+n%20)), v)
	keep(c)
	keep(boxed(v))
	keep(pointerTo(v))
	keep(outer(v, n))
	keep(mapped([]T{v, v, v}, func(T) string { return strings.Repeat("m", n) }))
	keep(mapped([]int{1, 2, 3}, func(int) T { return v }))
	keep(both(v, &v))
	keep(lazily[T](n)())
}

// What shares a shape is called for not equally often: INSTANCES of truth.py knows how often.
//
//go:noinline
func generics(n int) {
	instance(n, n)
	instance(strings.Repeat("g", n), n)
	instance(float64(n), n)
	instance(uint8(n), n)
	instance(point{n, n}, n)
	instance(&point{n, n}, n)
	instance(&node{}, n)
	instance(&node{}, n)
	instance([]string{"s"}, n)
	instance(map[string]*point{}, n)
	instance(shop.Item{Count: n}, n)
	instance(shop.NewOrder(n), n)
	instance(shop.NewOrder(n), n)
	instance(shop.NewOrder(n), n)
	instance(celsius(n), n)
	instance(celsius(n), n)
	instance(label("l"), n)
	instance(label("m"), n)
	instance(struct{ a, B int }{n, n}, n)
	instance([3]int{n}, n)
	instance(any(n), n)
	instance(element[string]{}, n)
	instance(error(shop.Failure{Code: n}), n)
	keep(sorted(map[int]string{n: "a", n + 1: "b"}))
	keep(sorted(map[label]*node{"a": nil, "b": nil}))
	keep(sorted(map[celsius]point{1: {}, 2: {}}))
	keep(newCache[point, []byte](n))
	keep(newCache[shop.ID, *shop.Order](n))
	keep(newCache[label, map[int]celsius](n))
	keep(shop.NewBag[point](n))
	keep(shop.NewBag[*shop.Order](n))
	keep(shop.NewBag[string](n).With("x"))
}

//go:noinline
func reflected(n int) {
	t := reflect.TypeOf(point{})
	keep(reflect.New(t).Interface())
	keep(reflect.MakeSlice(reflect.SliceOf(t), n, n+1).Interface())
	keep(reflect.MakeMapWithSize(reflect.MapOf(reflect.TypeOf(""), t), n).Interface())
	keep(reflect.MakeChan(reflect.ChanOf(reflect.BothDir, t), n).Interface())
	v := reflect.Append(reflect.ValueOf([]string{"a"}), reflect.ValueOf("b"))
	keep(v.Interface())
	m := reflect.ValueOf(map[string]int{})
	m.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf(n))
	keep(m.Interface())
	f := reflect.MakeFunc(reflect.TypeOf(func() int { return 0 }),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(n)} })
	keep(f.Interface())
}
