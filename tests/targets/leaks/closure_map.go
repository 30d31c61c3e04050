package main

const requestBytes = 1 << 10

// Callbacks are called when an order is shipped. Nobody takes one out again.
type Callbacks struct {
	byOrder map[int]func() int
}

var callbacks = Callbacks{byOrder: map[int]func() int{}}

// Subscribe keeps a function, and with it the whole request that the function looks at.
func (c *Callbacks) Subscribe(order int) {
	body := make([]byte, requestBytes)
	c.byOrder[order] = func() int { return len(body) + order }
}

var closureMap = pattern{requestBytes + 64, func(number int) { callbacks.Subscribe(number) }}
