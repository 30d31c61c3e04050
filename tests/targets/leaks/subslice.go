package main

const messageBytes = 32 << 10

// Index keeps the ids of messages.
type Index struct {
	ids [][]byte
}

var index Index

// Receive reads a message and keeps its first 16 bytes, and with them all of it.
func (x *Index) Receive(number int) {
	message := make([]byte, messageBytes)
	message[0] = byte(number)
	x.ids = append(x.ids, message[:16])
}

var subslice = pattern{messageBytes, func(number int) { index.Receive(number) }}
