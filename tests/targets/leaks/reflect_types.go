package main

import (
	"reflect"
	"strconv"
)

const columns = 8

// RowType makes a struct type for a query's result. Go keeps every type that was made at run time for
// ever; a name that differs each time makes a new one each time.
func RowType(query int) reflect.Type {
	fields := make([]reflect.StructField, columns)
	for i := range fields {
		name := "Column" + strconv.Itoa(query) + "_" + strconv.Itoa(i)
		fields[i] = reflect.StructField{Name: name, Type: reflect.TypeOf("")}
	}
	return reflect.StructOf(fields)
}

var reflectTypes = pattern{2 << 10, func(number int) { RowType(number) }}
