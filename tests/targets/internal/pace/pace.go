// Package pace lets a target do its work evenly, and keeps its heap profile fresh.
package pace

import (
	"runtime"
	"time"
)

const (
	tick    = 20 * time.Millisecond
	gcEvery = 2 * time.Second
)

// Every calls do perSecond times a second with 0, 1, 2, … and never returns.
func Every(perSecond float64, do func(number int)) {
	number := 0
	begin := time.Now()
	for now := range time.Tick(tick) {
		for due := int(now.Sub(begin).Seconds() * perSecond); number < due; number++ {
			do(number)
		}
	}
}

// Collect runs the collector every two seconds. A heap profile is only as fresh as the last
// collection; where a test's seconds stand for minutes, Go's own pace of up to two minutes is too slow.
func Collect() {
	for range time.Tick(gcEvery) {
		runtime.GC()
	}
}
