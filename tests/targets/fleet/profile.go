package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
)

// message is a protobuf message under construction; only what profile.proto needs.
type message struct{ bytes []byte }

func (m *message) varint(v uint64) {
	for ; v >= 0x80; v >>= 7 {
		m.bytes = append(m.bytes, byte(v)|0x80)
	}
	m.bytes = append(m.bytes, byte(v))
}

func (m *message) number(field int, v uint64) {
	m.varint(uint64(field) << 3)
	m.varint(v)
}

func (m *message) chunk(field int, data []byte) {
	m.varint(uint64(field)<<3 | 2)
	m.varint(uint64(len(data)))
	m.bytes = append(m.bytes, data...)
}

func (m *message) packed(field int, values ...uint64) {
	var list message
	for _, v := range values {
		list.varint(v)
	}
	m.chunk(field, list.bytes)
}

// strings is the string table: index 0 is "", as profile.proto demands.
type stringTable struct {
	list  []string
	index map[string]uint64
}

func (t *stringTable) add(s string) uint64 {
	if i, known := t.index[s]; known {
		return i
	}
	t.index[s] = uint64(len(t.list))
	t.list = append(t.list, s)
	return t.index[s]
}

const (
	depth       = 4
	objectBytes = 256
)

// heapProfile is a heap profile as Go would write it, of `sites` allocation sites that hold a little
// more or less in each round: a service with load, and no leak.
func heapProfile(sites int, round uint64) []byte {
	var profile message
	names := stringTable{list: []string{""}, index: map[string]uint64{"": 0}}
	valueType := func(kind, unit string) []byte {
		var m message
		m.number(1, names.add(kind))
		m.number(2, names.add(unit))
		return m.bytes
	}
	profile.chunk(11, valueType("space", "bytes"))
	profile.number(12, 512<<10)
	for _, kind := range [][2]string{{"alloc_objects", "count"}, {"alloc_space", "bytes"},
		{"inuse_objects", "count"}, {"inuse_space", "bytes"}} {
		profile.chunk(1, valueType(kind[0], kind[1]))
	}
	for site := 0; site < sites; site++ {
		addStack(&profile, &names, uint64(site))
		addSample(&profile, &names, uint64(site), round)
	}
	for _, s := range names.list {
		profile.chunk(6, []byte(s))
	}
	return compress(profile.bytes)
}

// addStack writes the functions and locations of a site: ids site*depth+1 … site*depth+depth.
func addStack(profile *message, names *stringTable, site uint64) {
	for frame := uint64(0); frame < depth; frame++ {
		id := site*depth + frame + 1
		var function, line, location message
		function.number(1, id)
		function.number(2, names.add(fmt.Sprintf("fleet/pkg%d.(*Thing).Step%d", site, frame)))
		function.number(4, names.add(fmt.Sprintf("/src/fleet/pkg%d/thing.go", site)))
		profile.chunk(5, function.bytes)
		line.number(1, id)
		line.number(2, 10*(frame+1))
		location.number(1, id)
		location.number(3, 0x400000+id*16)
		location.chunk(4, line.bytes)
		profile.chunk(4, location.bytes)
	}
}

func addSample(profile *message, names *stringTable, site, round uint64) {
	objects := 8000 + 100*((site*7+round*3)%16) // about 2 MiB a site, so that the daemon follows them
	allocated := objects + 1000*round
	var sample, label message
	first := site*depth + 1
	sample.packed(1, first, first+1, first+2, first+3)
	sample.packed(2, allocated, allocated*objectBytes, objects, objects*objectBytes)
	label.number(1, names.add("bytes"))
	label.number(3, objectBytes)
	sample.chunk(3, label.bytes)
	profile.chunk(2, sample.bytes)
}

func compress(raw []byte) []byte {
	var out bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is a constant and valid
	writer.Write(raw)                                      // to memory: cannot fail
	writer.Close()
	return out.Bytes()
}
