package dubbo

import (
	"fmt"
	"slices"
)

// FrameReader cuts a byte stream into frames. The stream may be split and joined anywhere. It is used by one
// goroutine at a time; the zero value with a MaxBody is ready.
type FrameReader struct {
	MaxBody int // largest body accepted, in bytes

	in    []byte // what Next reads: a caller's part, or held
	skip  int    // bytes of the stream still to be passed over
	held  []byte // an incomplete frame from earlier parts
	size  int    // of the held frame, as far as it is known
	owned bool   // in is held
}

// Reset drops what was read and keeps the buffer for reuse.
func (r *FrameReader) Reset(maxBody int) {
	r.MaxBody = maxBody
	r.in, r.held, r.owned, r.skip = nil, r.held[:0], false, 0
}

// Feed takes the next part of the stream. The part is borrowed until Next reports that no frame is complete; call
// Next until then before the part is changed or Feed is called again.
func (r *FrameReader) Feed(part []byte) {
	n := min(r.skip, len(part))
	r.skip, part = r.skip-n, part[n:]
	if len(r.held) == 0 {
		r.in, r.owned = part, false
		return
	}
	r.held = append(r.room(len(part)), part...)
	r.in, r.owned = r.held, true
}

// Next returns the next complete frame, or ok false when more bytes are needed. The body is valid until the next
// call of Next, Feed or Reset. After an error (ErrMagic, ErrLength, *TooLargeError) the stream cannot be read on, but
// for a frame that is too large, whose header is returned: Skip passes it over.
func (r *FrameReader) Next() (h Header, body []byte, ok bool, err error) {
	if !magicPrefix(r.in) {
		return Header{}, nil, false, ErrMagic
	}
	if len(r.in) < HeaderSize {
		r.keep(HeaderSize)
		return Header{}, nil, false, nil
	}
	if h, err = ParseHeader(r.in); err != nil {
		return Header{}, nil, false, err
	}
	if h.Length > r.MaxBody {
		return h, nil, false, &TooLargeError{Length: h.Length, Limit: r.MaxBody}
	}
	end := HeaderSize + h.Length
	if len(r.in) < end {
		r.keep(end)
		return Header{}, nil, false, nil
	}
	body, r.in = r.in[HeaderSize:end:end], r.in[end:]
	return h, body, true, nil
}

// Skip passes over the frame that Next has just found too large. Its bytes are not held.
func (r *FrameReader) Skip(h Header) {
	r.skip = HeaderSize + h.Length
	n := min(r.skip, len(r.in))
	r.skip, r.in = r.skip-n, r.in[n:]
}

// room is held with room for n bytes more. It grows in few steps, and not beyond a frame of which a good part is there.
func (r *FrameReader) room(n int) []byte {
	n += len(r.held)
	if n <= cap(r.held) {
		return r.held
	}
	return slices.Grow(r.held, max(n, min(r.size, 4*n))-len(r.held))
}

// Skipping reports whether bytes of a frame that Skip passes over are still to come.
func (r *FrameReader) Skipping() bool { return r.skip > 0 }

// keep holds the unread bytes for the next Feed. A frame of size bytes is under way; memory for all of it is taken
// only as its bytes arrive, so that a header alone cannot claim it.
func (r *FrameReader) keep(size int) {
	r.size = size
	if r.owned {
		r.held = r.held[:copy(r.held, r.in)]
	} else {
		if room := min(size, max(2*len(r.in), 4<<10)); cap(r.held) < room {
			r.held = make([]byte, 0, room)
		}
		r.held = append(r.held[:0], r.in...)
	}
	if len(r.held) == 0 && cap(r.held) > maxKept {
		r.held = nil
	}
	r.in, r.owned = nil, false
}

// maxKept is the largest buffer that a reader keeps between frames, for connections that live long and idle.
const maxKept = 64 << 10

func magicPrefix(b []byte) bool {
	return (len(b) < 1 || b[0] == magicHigh) && (len(b) < 2 || b[1] == magicLow)
}

// TooLargeError says that a frame's body is longer than the reader accepts.
type TooLargeError struct{ Length, Limit int }

// Error names both sizes.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("frame declares a body of %d bytes; the limit is %d", e.Length, e.Limit)
}
