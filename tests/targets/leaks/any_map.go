package main

import "strconv"

// Attributes is what a request's middleware left for the next one.
type Attributes struct {
	User, Tenant, Trace uint64
	Flags               [40]byte
}

// Context is a universal store: anything under any name, and nothing ever leaves it.
type Context struct {
	values map[string]interface{}
}

var context = Context{values: map[string]interface{}{}}

// Set boxes a value into the store.
func (c *Context) Set(key string, attributes Attributes) {
	c.values[key] = attributes
}

var anyMap = pattern{64 + 16 + 48, func(number int) {
	context.Set("request-"+strconv.Itoa(number), Attributes{User: uint64(number)})
}}
