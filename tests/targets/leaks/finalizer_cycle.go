package main

import "runtime"

const bufferBytes = 2 << 10

// File and its Reader know each other.
type File struct {
	reader *Reader
	buffer [bufferBytes]byte
}

// Reader reads a File.
type Reader struct {
	file *File
}

// OpenFile makes a cycle with a finalizer in it. Go does not say in which order a cycle would be
// finalized, so it never is, and is never freed.
func OpenFile() *Reader {
	file := &File{}
	file.reader = &Reader{file: file}
	runtime.SetFinalizer(file, func(f *File) { f.reader = nil })
	return file.reader
}

var finalizerCycle = pattern{bufferBytes + 256, func(int) { OpenFile() }}
