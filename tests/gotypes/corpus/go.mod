module example.com/leakwatchd/corpus

go 1.18
