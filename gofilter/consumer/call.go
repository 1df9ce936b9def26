package consumer

import (
	"errors"
	"strconv"

	"golang.org/x/net/http2/hpack"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
	"github.com/dubbomesh/dubbomesh/gofilter/dubbo"
)

// How much of a call's attachments becomes headers; what does not is in the body all the same.
const (
	maxPairs     = 64
	maxPairBytes = 16 << 10 // of all header names and values
	maxKey       = 256      // bytes
	maxLast      = 256      // bytes of a value that is remembered
	maxNames     = 256      // that are remembered
)

// call turns one request after the other into header fields and a body.
type call struct {
	fields  []hpack.HeaderField
	payload []byte // of the frame: arguments and attachments

	reader  dubbo.Reader
	text    []byte // one key and its value
	pairs   int
	bytes   int
	names   map[string]*name // by attachment key
	lengths name
	timeout name
	group   name
}

// name is a header whose value may change from call to call. One whose value stays is cheap to send again, one that is
// new each time must not push others out of the manager's table.
type name struct {
	header string
	last   string // value
}

func newCall() call {
	return call{
		lengths: name{header: config.ArgumentsHeader}, timeout: name{header: config.TimeoutHeader}, group: name{header: config.GroupHeader},
	}
}

// parse reads the body of a request.
func (c *call) parse(heads *heads, h dubbo.Header, body []byte) error {
	r := &c.reader
	r.Reset(body, 0)
	for i := range 5 {
		if k := r.Kind(); k != dubbo.String && (i < 2 || k != dubbo.Null) {
			return errors.New("the request does not begin with its five strings")
		}
		if err := r.Skip(); err != nil {
			return err
		}
	}
	from := r.Offset()
	hd, err := c.head(heads, body[:from], false)
	if err != nil {
		return err
	}
	rest := hd.parameters
	if hd.generic && r.Kind() == dubbo.String {
		if err := r.Skip(); err != nil {
			return err
		}
		rest--
		if hd, err = c.head(heads, body[:r.Offset()], true); err != nil {
			return err
		}
	}
	for range rest {
		if err := r.Skip(); err != nil {
			return err
		}
	}
	c.describe(hd, h, r.Offset()-from)
	if err := c.attachments(); err != nil {
		return err
	}
	c.payload = body[from:r.Offset()]
	return nil
}

// release gives up what was borrowed, and the memory that a request of n bytes took beyond what is worth keeping.
func (c *call) release(n int) {
	c.payload = nil
	c.reader.Reset(nil, 0)
	if n > keepBytes {
		c.reader, c.text = dubbo.Reader{}, nil
	}
}

func (c *call) head(heads *heads, raw []byte, generic bool) (*head, error) {
	if hd := heads.get(raw); hd != nil {
		return hd, nil
	}
	hd, err := parseHead(raw, generic)
	if err == nil {
		heads.put(raw, hd)
	}
	return hd, err
}

// describe begins the header fields with all that is not an attachment.
func (c *call) describe(hd *head, h dubbo.Header, arguments int) {
	c.fields = append(c.fields[:0],
		hpack.HeaderField{Name: ":method", Value: "POST"},
		hpack.HeaderField{Name: ":scheme", Value: "http"},
		hpack.HeaderField{Name: ":authority", Value: hd.authority},
		hpack.HeaderField{Name: ":path", Value: hd.path},
		hpack.HeaderField{Name: "content-type", Value: config.DubboContentType},
		hpack.HeaderField{Name: config.ProtocolHeader, Value: hd.protocol},
		hpack.HeaderField{Name: config.TypesHeader, Value: hd.types},
	)
	if hd.method != "" {
		c.field(config.MethodHeader, hd.method)
	}
	if hd.version != "" {
		c.field(config.VersionHeader, hd.version)
	}
	if !h.Flags.TwoWay() {
		c.field(config.OneWayHeader, "true")
	}
	c.text = strconv.AppendInt(c.text[:0], int64(arguments), 10)
	c.changing(&c.lengths, c.text)
}

func (c *call) field(name, value string) {
	c.fields = append(c.fields, hpack.HeaderField{Name: name, Value: value})
}

// changing adds a header whose value may be another each time.
func (c *call) changing(n *name, value []byte) {
	if string(value) == n.last && n.last != "" {
		c.field(n.header, n.last)
		return
	}
	v := string(value)
	if len(v) <= maxLast {
		n.last = v
	}
	// Not really a secret: it is how an encoder is told not to index a field.
	c.fields = append(c.fields, hpack.HeaderField{Name: n.header, Value: v, Sensitive: true})
}

// attachments reads the map behind the arguments.
func (c *call) attachments() error {
	c.pairs, c.bytes = 0, 0
	r := &c.reader
	switch r.Kind() {
	case dubbo.Null:
		return r.Null()
	case dubbo.Map:
	default:
		return &dubbo.Error{Offset: r.Offset(), Reason: "found " + r.Kind().String() + ", expected the map of attachments"}
	}
	n, err := r.Map()
	if err != nil {
		return err
	}
	for {
		more, err := r.More(&n)
		if err != nil {
			return err
		}
		if !more {
			r.Close(n)
			return nil
		}
		if err := c.pair(); err != nil {
			return err
		}
	}
}

// pair reads one attachment.
func (c *call) pair() (err error) {
	r := &c.reader
	if r.Kind() != dubbo.String {
		if err := r.Skip(); err != nil {
			return err
		}
		return r.Skip()
	}
	if c.text, err = r.AppendString(c.text[:0]); err != nil {
		return err
	}
	key := len(c.text)
	switch r.Kind() {
	case dubbo.String:
		c.text, err = r.AppendString(c.text)
	case dubbo.Int:
		var v int32
		v, err = r.Int()
		c.text = strconv.AppendInt(c.text, int64(v), 10)
		key = onlyTimeout(c.text, key)
	default:
		return r.Skip()
	}
	if err == nil && key > 0 {
		c.attachment(c.text[:key], c.text[key:])
	}
	return err
}

// onlyTimeout keeps the key when it is that of the one attachment that is a number in some versions of Dubbo.
func onlyTimeout(text []byte, key int) int {
	if string(text[:key]) == "timeout" {
		return key
	}
	return 0
}

// attachment adds the header of an attachment, if it has one.
func (c *call) attachment(key, value []byte) {
	if !headerValue(value) || c.pairs == maxPairs || c.bytes+len(key)+len(value) > maxPairBytes {
		return
	}
	switch string(key) {
	case "path", "interface", "version", "generic":
		return // said by the path and the headers of the head
	case "group":
		if len(value) > 0 {
			c.changing(&c.group, value)
		}
		return
	case "timeout":
		if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil && ms > 0 {
			c.changing(&c.timeout, value)
		}
		return
	}
	n := c.names[string(key)]
	if n == nil {
		n = c.remember(key)
	}
	if n.header != "" {
		c.pairs++
		c.bytes += len(key) + len(value)
		c.changing(n, value)
	}
}

func (c *call) remember(key []byte) *name {
	n := &name{header: headerName(key)}
	if len(key) > maxKey {
		return n
	}
	if c.names == nil || len(c.names) >= maxNames {
		c.names = map[string]*name{}
	}
	c.names[string(key)] = n
	return n
}
