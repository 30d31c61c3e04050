package main

import "time"

// Poller looks after one upstream.
type Poller struct {
	ticker *time.Ticker
}

var pollers []Poller

// NewPoller starts a ticker for each request. Nobody stops it.
func NewPoller() Poller {
	return Poller{ticker: time.NewTicker(time.Hour)}
}

var ticker = pattern{250, func(int) { pollers = append(pollers, NewPoller()) }}
