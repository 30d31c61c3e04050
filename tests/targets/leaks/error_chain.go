package main

import "errors"

// RetryError wraps the error of the attempt before.
type RetryError struct {
	attempt int
	stack   [12]uintptr
	cause   error
}

func (e *RetryError) Error() string { return "attempt failed: " + errors.Unwrap(e.cause).Error() }

// Unwrap gives the attempt before.
func (e *RetryError) Unwrap() error { return e.cause }

// Connection remembers why it is down: the last error, and through it every one before.
type Connection struct {
	last error
}

var connection = Connection{last: errors.New("refused")}

// Retry fails, as it did before.
func (c *Connection) Retry(attempt int) {
	c.last = &RetryError{attempt: attempt, cause: c.last}
}

var errorChain = pattern{128, func(number int) { connection.Retry(number) }}
