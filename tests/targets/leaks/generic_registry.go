package main

const ordersAPage = 16

// Order is what pages are made of.
type Order struct {
	ID, Customer uint64
	Items        [6]uint64
}

// Registry keeps what NewPager returns.
var registry []interface{}

// NewPager returns a function that holds a page of its own. Each is registered and none is let go.
func NewPager[T any](size int) func(int) T {
	page := make([]T, size)
	return func(i int) T { return page[i%size] }
}

// Register keeps a pager for ever.
func Register() {
	registry = append(registry, NewPager[Order](ordersAPage))
}

var genericRegistry = pattern{ordersAPage*64 + 64, func(int) { Register() }}
