// Parses profiles with google/pprof as often as it is asked: for each line on its input all files of
// its arguments once, and the CPU time of that in nanoseconds as a line of output. The collector's
// share is in it, as it is in any program that does this.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"syscall"

	"github.com/google/pprof/profile"
)

func cpuNanoseconds() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	bodies := make([][]byte, 0, len(os.Args))
	for _, name := range os.Args[1:] {
		body, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		begin := cpuNanoseconds()
		for _, body := range bodies {
			if _, err := profile.ParseData(body); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(cpuNanoseconds() - begin)
	}
}
