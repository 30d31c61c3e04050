// Plain is a service with nothing to do.
package main

import (
	"flag"

	"leakwatch.test/targets/internal/service"
)

func main() {
	flag.Parse()
	service.Run()
}
