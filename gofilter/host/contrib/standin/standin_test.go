package standin_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// workers is how many threads the stand-in has.
const workers = 3

// standin is a process that has loaded the library; see testdata.
type standin struct {
	t       *testing.T
	workers [workers]*worker
	turn    atomic.Uint32
	log     *logBuffer
}

// worker is one of its threads. It does one thing at a time.
type worker struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	err  error
}

func (s *standin) next() *worker { return s.workers[s.turn.Add(1)%workers] }

var build = sync.OnceValues(func() (path string, err error) {
	dir, err := os.MkdirTemp("", "standin")
	if err != nil {
		return "", err
	}
	sdk, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/envoyproxy/envoy").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	sources, err := filepath.Glob("testdata/*.c")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "standin")
	args := []string{"-g", "-O1", "-Wall", "-rdynamic", "-o", path, "-I", strings.TrimSpace(string(sdk)) + "/contrib/golang/common/go/api"}
	args = append(args, strings.Fields(os.Getenv("STANDIN_CFLAGS"))...)
	if out, err := exec.Command(compiler(), append(append(args, sources...), "-ldl", "-lpthread")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", compiler(), err, out)
	}
	return path, nil
})

func compiler() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "cc"
}

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // only a temporary folder
	}
	os.Exit(code)
}

// library is the libdubbo-contrib.so that tests use: the environment variable DUBBOMESH_CONTRIB, or the one in bin.
func library(t *testing.T) string {
	t.Helper()
	path := os.Getenv("DUBBOMESH_CONTRIB")
	if path == "" {
		path = "../../../../bin/libdubbo-contrib.so"
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v; run make contrib", err)
	}
	return path
}

// startStandin starts a stand-in that has to live as long as the test and to end cleanly, without a panic in its log.
func startStandin(t *testing.T) *standin {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "socket")
	cmd := exec.Command(binary, library(t), socket, fmt.Sprint(workers))
	s := &standin{t: t, log: new(logBuffer)}
	cmd.Stderr = s.log
	// As strict as Go is without being built for it: what the library hands to C is checked, and memory that it let go
	// of is overwritten at once.
	cmd.Env = append(os.Environ(), "GODEBUG=cgocheck=1,clobberfree=1", "GOGC=10")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the stand-in did not start: %v\n%s", cmd.Wait(), s.log)
	}
	for i := range s.workers {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		s.workers[i] = &worker{conn: conn, in: bufio.NewReaderSize(conn, 1<<16), out: bufio.NewWriterSize(conn, 1<<16)}
	}
	t.Cleanup(func() {
		for _, w := range s.workers {
			w.mu.Lock()
			_ = w.conn.Close() // tells the stand-in to end
			w.mu.Unlock()
		}
		tooLong := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }) // Wait then says so
		err := cmd.Wait()
		tooLong.Stop()
		if err != nil || strings.Contains(s.log.String(), "panic") {
			t.Errorf("the stand-in ended with %v and the log\n%s", err, s.log)
		}
	})
	return s
}

// logBuffer is a buffer that may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// header is a header's name and value.
type header struct{ name, value string }

// ask sends a request and lets read take the answer, field by field. A stand-in that is gone leaves zeros.
func (w *worker) ask(op byte, fields []any, read func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.out.WriteByte(op) // errors stick and come from Flush
	for _, f := range fields {
		switch f := f.(type) {
		case uint64:
			w.putNumber(f)
		case bool:
			w.putNumber(map[bool]uint64{true: 1}[f])
		case string:
			w.putText(f)
		case []byte:
			w.putText(string(f))
		case []header:
			w.putNumber(uint64(len(f)))
			for _, h := range f {
				w.putText(h.name)
				w.putText(h.value)
			}
		default:
			panic(fmt.Sprintf("a field of type %T", f))
		}
	}
	w.err = w.out.Flush()
	read()
}

func (w *worker) putNumber(n uint64) {
	_, _ = w.out.Write(binary.NativeEndian.AppendUint64(nil, n))
}

func (w *worker) putText(s string) {
	w.putNumber(uint64(len(s)))
	_, _ = w.out.WriteString(s)
}

func (w *worker) number() uint64 {
	var b [8]byte
	if w.err == nil {
		_, w.err = io.ReadFull(w.in, b[:])
	}
	if w.err != nil {
		return 0
	}
	return binary.NativeEndian.Uint64(b[:])
}

func (w *worker) text() []byte {
	b := make([]byte, w.number())
	if w.err == nil {
		_, w.err = io.ReadFull(w.in, b)
	}
	return b
}

func (w *worker) headers() (all []header) {
	for range w.number() {
		name := w.text()
		all = append(all, header{string(name), string(w.text())})
	}
	return all
}

// object makes or destroys something and returns its id.
func (w *worker) object(op byte, fields ...any) (id uint64) {
	w.ask(op, fields, func() { id = w.number() })
	return id
}
