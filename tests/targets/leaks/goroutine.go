package main

const answerBytes = 8 << 10

// Search asks a backend. Whoever asked has given up by the time it answers, so the goroutine waits for
// ever to hand its answer over, and holds it.
func Search(query int) <-chan []byte {
	answers := make(chan []byte)
	go func() {
		answer := make([]byte, answerBytes)
		answer[query%answerBytes] = 1
		answers <- answer
	}()
	return answers
}

var goroutine = pattern{answerBytes + 2<<10, func(number int) { Search(number) }}
