module leakwatch.test/fleet

go 1.19
