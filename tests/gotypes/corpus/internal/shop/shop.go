// Package shop has types whose import path is longer than the name they are shown by.
package shop

import "fmt"

// ID is boxed as an integer.
type ID int64

// Item is a value.
type Item struct {
	Name  string
	Count int
	price float64
}

// Order holds items.
type Order struct {
	ID    ID
	Items []Item
	index map[string]*Item
	note  interface{ hidden() string }
}

// Pricer is implemented by Item.
type Pricer interface{ Price() float64 }

// Failure is an error by value.
type Failure struct{ Code int }

func (f Failure) Error() string { return fmt.Sprint("failure ", f.Code) }

// Price is what the item costs.
func (i Item) Price() float64 { return i.price * float64(i.Count) }

// NewOrder allocates an order, its items and its index.
//
//go:noinline
func NewOrder(n int) *Order {
	o := &Order{ID: ID(n), Items: Items(n%3 + 1), index: make(map[string]*Item)}
	for i := range o.Items {
		o.index[o.Items[i].Name] = &o.Items[i]
	}
	return o
}

// Items allocates n items.
//
//go:noinline
func Items(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i].Name = fmt.Sprint("item", i)
	}
	return items
}

// Bag is generic and instantiated by another package.
type Bag[T any] struct {
	items  []T
	byName map[string]T
}

// NewBag allocates a bag of n items.
//
//go:noinline
func NewBag[T any](n int) *Bag[T] {
	return &Bag[T]{items: make([]T, n), byName: make(map[string]T, n)}
}

// With adds an item.
//
//go:noinline
func (b *Bag[T]) With(v T) *Bag[T] {
	b.items = append(b.items, v)
	b.byName["last"] = v
	return b
}
