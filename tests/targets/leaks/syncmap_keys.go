package main

import "sync"

// Presence is whether a user is there.
type Presence struct {
	since uint64
	page  [112]byte
}

// Online knows who is there.
type Online struct {
	users sync.Map
}

var online Online

// Enter stores under an int, and Leave deletes a uint64: two keys that never meet.
func (o *Online) Enter(user int) {
	o.users.Store(user, &Presence{since: uint64(user)})
}

// Leave never finds what Enter stored.
func (o *Online) Leave(user uint64) {
	o.users.Delete(user)
}

var syncMapKeys = pattern{120 + 100, func(number int) {
	online.Enter(number + 1000)
	online.Leave(uint64(number + 1000))
}}
