package host_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
	"github.com/dubbomesh/dubbomesh/gofilter/host"
	"github.com/dubbomesh/dubbomesh/gofilter/transcode"
)

func outcome(service, method string) transcode.Outcome {
	return transcode.Outcome{Service: []byte(service), Method: []byte(method), Known: true, Status: dubbo.StatusOK, RequestBytes: 100, ResponseBytes: 30}
}

// flush is what a flush hands over, by the series' text.
func flush(m *host.Metrics) map[string]uint64 {
	got := map[string]uint64{}
	m.Flush(func(s host.Series, n uint64) {
		got[strings.TrimSpace(fmt.Sprint(s.Family, " ", s.Service, " ", s.Method, " ", s.Status))] += n
	})
	return got
}

func TestMetricsOfResults(t *testing.T) {
	m := host.NewMetrics()
	count := func(encode, decode int64, change func(*transcode.Outcome)) {
		o := outcome("a.B", "c")
		change(&o)
		m.Count(&o, encode, decode)
	}
	for range 3 {
		count(1500, 700, func(*transcode.Outcome) {})
	}
	count(0, 0, func(o *transcode.Outcome) { o.Thrown = true })
	count(0, 0, func(o *transcode.Outcome) { o.Status = dubbo.StatusThreadPoolExhausted })
	count(0, 0, func(o *transcode.Outcome) { o.Status = 99 })
	count(0, 0, func(o *transcode.Outcome) { o.Status, o.OneWay, o.ResponseBytes = 0, true, 0 })
	count(0, 0, func(o *transcode.Outcome) { o.Status, o.ResponseBytes = 0, 0 })
	o := outcome("a.B", "c")
	m.Panicked(&o)
	want := map[string]uint64{
		"0 a.B c 20": 4, "0 a.B c 100": 1, "0 a.B c undefined": 1, "0 a.B c one_way": 1, "0 a.B c unanswered": 1,
		"1 a.B c": 1, "2 a.B c": 800, "3 a.B c": 180, "4 a.B c": 4, "5 a.B c": 2, "6 a.B c": 1,
	}
	if d := cmp.Diff(want, flush(m)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if again := flush(m); len(again) > 0 {
		t.Errorf("flushed again: %v", again)
	}
	count(600, 200, func(*transcode.Outcome) {}) // with the rest of the last flush these are one more microsecond each
	want = map[string]uint64{"0 a.B c 20": 1, "2 a.B c": 100, "3 a.B c": 30, "4 a.B c": 1}
	if d := cmp.Diff(want, flush(m)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Names that nobody has confirmed, or that cannot be names, have no series of their own.
func TestMetricsOfStrangers(t *testing.T) {
	long := strings.Repeat("x", 129)
	for _, c := range []struct {
		service, method string
		known           bool
		want            string
	}{
		{"a.B", "guess", false, "0 a.B other 20"},
		{"a.Guess", "c", false, "0 other other 20"},
		{"a.B", long, true, "0 a.B other 20"},
		{long, "c", true, "0 other other 20"},
		{"a.B", "", true, "0 a.B other 20"},
		{"", "", false, "0 other other 20"},
		{"a.B", "c", false, "0 a.B c 20"},
		{".a..B{\"x\"}.", "c|d:\n\xff$-/_", true, "0 _a._B__x___ c_d___$-/_ 20"},
	} {
		m := host.NewMetrics()
		known := outcome("a.B", "c")
		m.Count(&known, 0, 0)
		flush(m)
		o := outcome(c.service, c.method)
		o.Known = c.known
		m.Count(&o, 0, 0)
		if got := flush(m); got[c.want] != 1 {
			t.Errorf("%q %q: got %v, want %s", c.service, c.method, got, c.want)
		}
	}
}

func TestMetricsAreBounded(t *testing.T) {
	m := host.NewMetrics()
	const n = 10_000
	for i := range n {
		o := outcome(fmt.Sprint("service", i%10), fmt.Sprint("method", i))
		m.Count(&o, 0, 0)
	}
	methods, calls := map[string]bool{}, uint64(0)
	m.Flush(func(s host.Series, n uint64) {
		methods[s.Service+" "+s.Method] = true
		if s.Family == host.Calls {
			calls += n
		}
	})
	if len(methods) > 4096 || len(methods) < 4080 || calls != n || !methods["service7 other"] {
		t.Errorf("%d methods and %d calls, want at most 4096 and %d", len(methods), calls, n)
	}
}

// A service that answers to every name does not take the places of others.
func TestMetricsOfOneServiceAreBounded(t *testing.T) {
	m := host.NewMetrics()
	for i := range 10_000 {
		o := outcome("a.Any", fmt.Sprint("method", i))
		m.Count(&o, 0, 0)
	}
	o := outcome("a.B", "c")
	m.Count(&o, 0, 0)
	got := flush(m)
	if got["0 a.Any other 20"] != 10_000-512 || got["0 a.Any method511 20"] != 1 || got["0 a.B c 20"] != 1 {
		t.Errorf("%d other calls, %d of the last method, %d of another service", got["0 a.Any other 20"], got["0 a.Any method511 20"], got["0 a.B c 20"])
	}
}

// BenchmarkFlush is what the main thread of Envoy does each second when all places are taken, but for Envoy's part.
func BenchmarkFlush(b *testing.B) {
	for name, busy := range map[string]bool{"idle": false, "busy": true} {
		b.Run(name, func(b *testing.B) {
			m := host.NewMetrics()
			var all []transcode.Outcome
			for i := range 4000 {
				all = append(all, outcome(fmt.Sprint("service", i%10), fmt.Sprint("method", i)))
			}
			for i := 0; b.Loop(); i++ {
				for n := range all {
					if busy || i == 0 {
						m.Count(&all[n], 1000, 1000)
					}
				}
				m.Flush(func(host.Series, uint64) {})
			}
		})
	}
}

func TestMetricsAtTheSameTime(t *testing.T) {
	const threads, calls = 8, 2000
	m := host.NewMetrics()
	total := map[string]uint64{}
	stop, flushing := make(chan struct{}), sync.WaitGroup{}
	flushing.Go(func() {
		for {
			for name, n := range flush(m) {
				total[name] += n
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var counting sync.WaitGroup
	for range threads {
		counting.Go(func() {
			for i := range calls {
				o := outcome("a.B", fmt.Sprint("m", i%40))
				m.Count(&o, 1000, 1000)
			}
		})
	}
	counting.Wait()
	close(stop)
	flushing.Wait()
	for name, n := range flush(m) {
		total[name] += n
	}
	for i := range 40 {
		for family, want := range []uint64{1, 0, 100, 30, 1, 1} {
			name := fmt.Sprintf("%d a.B m%d", family, i)
			if family == 0 {
				name += " 20"
			}
			if want *= threads * calls / 40; total[name] != want {
				t.Errorf("%s is %d, want %d", name, total[name], want)
			}
		}
	}
}

// An exchange counts a call once, whatever ends it.
func TestExchangeCounts(t *testing.T) {
	answer := map[string]*transcode.Response{"answer": {Status: 200}, "large": {Status: 502, Unsafe: true, Broken: true}}
	for name, c := range map[string]struct {
		core  script
		parts []string
		want  map[string]uint64
	}{
		"answered":         {script{}, []string{"some", "answer", "answer"}, map[string]uint64{"0 a b 20": 1, "2 a b": 100, "3 a b": 30}},
		"held":             {script{}, []string{"large", "more"}, map[string]uint64{"0 a b 20": 1, "2 a b": 100, "3 a b": 30}},
		"gone":             {script{}, []string{"some"}, map[string]uint64{"0 a b 20": 1, "2 a b": 100, "3 a b": 30}},
		"refused":          {script{request: &transcode.Response{Status: 400}}, nil, map[string]uint64{}},
		"panic in request": {script{panicAt: "request"}, nil, map[string]uint64{"6 a b": 1}},
		"panic in answer":  {script{panicAt: "upstream some"}, []string{"some"}, map[string]uint64{"0 a b 20": 1, "2 a b": 100, "3 a b": 30, "6 a b": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c.core.answers, c.core.outcome = answer, outcome("a", "b")
			x := host.NewExchange(&c.core, func(string) {})
			x.Metrics = host.NewMetrics()
			x.Begin(nil, head)
			x.Request(nil, true)
			for _, part := range c.parts {
				x.Upstream(bytesOf(part), false)
			}
			x.Gone()
			x.Gone()
			got := flush(x.Metrics)
			for name := range got {
				if name[0] == '4' || name[0] == '5' { // times
					delete(got, name)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// BenchmarkExchange is a call of the method hash with and without metrics.
func BenchmarkExchange(b *testing.B) {
	for name, metrics := range map[string]*host.Metrics{"uncounted": nil, "counted": host.NewMetrics()} {
		b.Run(name, func(b *testing.B) {
			var c transcode.Call
			x := host.NewExchange(&c, func(m string) { b.Error(m) })
			x.Metrics = metrics
			cfg := config.Bridge{MaxRequestBytes: 1 << 20, MaxResponseBytes: 1 << 20}
			fields := []host.Field{
				{Name: []byte(":method"), Value: []byte("POST")}, {Name: []byte(":path"), Value: []byte("/com.example.demo.provider.IHelloService/hash")},
				{Name: []byte("content-type"), Value: []byte("application/json")}, {Name: []byte("x-dubbo-parameter-types"), Value: []byte("java.lang.String")},
			}
			request, answer := bytesOf(`["hello"]`), [][]byte{nil}
			var frame []byte
			b.ReportAllocs()
			for b.Loop() {
				x.Begin(&cfg, fields)
				s := x.Request(request, true)
				frame = dubbo.AppendHeader(frame[:0], dubbo.Header{Flags: dubbo.Hessian2, Status: dubbo.StatusOK})
				copy(frame[4:12], s.Send[4:12]) // the id
				frame = append(frame, 0x91, 'I', 0, 0x10, 0x20, 0x30)
				dubbo.SetLength(frame, 6)
				answer[0] = frame
				if s = x.Upstream(answer, false); s.Response == nil || s.Response.Status != 200 {
					b.Fatal("no answer")
				}
				x.Gone()
			}
		})
	}
}
