module leakwatch.test/targets

go 1.19
