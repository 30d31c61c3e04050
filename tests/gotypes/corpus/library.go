package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"container/heap"
	"container/list"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"image/png"
	"io"
	"log"
	"math/big"
	"mime/multipart"
	"net/http"
	_ "net/http/pprof"
	"net/mail"
	"net/rpc"
	"net/url"
	"os"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"
)

type record struct {
	Name  string            `json:"name" xml:"name"`
	Tags  []string          `json:"tags" xml:"tag"`
	Extra map[string]string `json:"extra" xml:"-"`
}

type priorities []int

func (p priorities) Len() int           { return len(p) }
func (p priorities) Less(i, j int) bool { return p[i] < p[j] }
func (p priorities) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *priorities) Push(v any)        { *p = append(*p, v.(int)) }
func (p *priorities) Pop() any          { old := *p; v := old[len(old)-1]; *p = old[:len(old)-1]; return v }

// library uses much of the standard library, so that its allocation sites are linked, and keeps what
// it makes.
func library() {
	encodings()
	texts, _ := regexp.Compile(`^(\w+)@(\w+\.)+[a-z]{2,}$`)
	keep(texts)
	keep(texts.FindStringSubmatch("someone@mail.example.com"))
	page := template.Must(template.New("page").Parse(`<p>{{range .}}<b>{{.Name}}</b>{{end}}</p>`))
	var out bytes.Buffer
	_ = page.Execute(&out, []record{{Name: "a"}})
	plain := texttemplate.Must(texttemplate.New("t").Parse(`{{with .Tags}}{{len .}}{{end}}`))
	_ = plain.Execute(&out, record{Tags: []string{"x"}})
	keep(page)
	keep(plain)
	keep(&out)
	requests()
	containers()
	tree, _ := parser.ParseFile(token.NewFileSet(), "x.go", "package x; func f() {}", 0)
	ast.Inspect(tree, func(ast.Node) bool { return true })
	keep(tree)
	keep(new(big.Int).Exp(big.NewInt(3), big.NewInt(1000), nil))
	keep(sha256.Sum256([]byte("x")))
	keep(fmt.Errorf("wrapped: %w", errors.New("cause")))
	keep(expvar.NewMap("corpus"))
}

func encodings() {
	var r record
	_ = json.Unmarshal([]byte(`{"name":"a","tags":["b","c"],"extra":{"d":"e"}}`), &r)
	keep(&r)
	var anything any
	_ = json.Unmarshal([]byte(`{"a":[1,2,{"b":null}],"c":"d"}`), &anything)
	keep(anything)
	text, _ := json.MarshalIndent(&r, "", " ")
	keep(text)
	_ = xml.Unmarshal([]byte(`<record><name>n</name><tag>t</tag></record>`), &r)
	var buffer bytes.Buffer
	_ = gob.NewEncoder(&buffer).Encode(r)
	_ = gob.NewDecoder(&buffer).Decode(&r)
	rows, _ := csv.NewReader(strings.NewReader("a,b\nc,d\n")).ReadAll()
	keep(rows)
	keep(base64.StdEncoding.EncodeToString(text))
	packed := gzip.NewWriter(&buffer)
	_, _ = packed.Write(text)
	_ = packed.Close()
	unpacked, _ := gzip.NewReader(&buffer)
	all, _ := io.ReadAll(unpacked)
	keep(all)
	keep(tar.NewWriter(&buffer))
	keep(zip.NewWriter(&buffer))
	keep(multipart.NewWriter(&buffer))
	_, err := png.Decode(bytes.NewReader(text))
	keep(err)
}

func requests() {
	mux := http.NewServeMux()
	mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "x") })
	keep(mux)
	request, _ := http.NewRequestWithContext(context.Background(), "GET", "http://127.0.0.1:1/x?a=b", nil)
	keep(request)
	client := &http.Client{Timeout: time.Second}
	_, err := client.Do(request) // refused at once: nothing listens there
	keep(err)
	keep(client)
	values, _ := url.ParseQuery("a=b&c=d")
	keep(values)
	address, _ := mail.ParseAddress("A <a@example.com>")
	keep(address)
	keep(rpc.NewServer())
	_, err = sql.Open("none", "")
	keep(err)
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), label("k"), 1), time.Hour)
	keep(ctx)
	keep(cancel)
	keep(log.New(os.Stderr, "", 0))
	keep(bufio.NewScanner(os.Stdin))
}

func containers() {
	l := list.New()
	for i := 0; i < 10; i++ {
		l.PushBack(i * 1000)
	}
	keep(l)
	var p priorities
	for i := 0; i < 10; i++ {
		heap.Push(&p, i*1000)
	}
	keep(heap.Pop(&p))
	keep(p)
}
