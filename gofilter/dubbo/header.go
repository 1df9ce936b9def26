package dubbo

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// HeaderSize is the length of a frame header in bytes.
const HeaderSize = 16

// The two bytes every frame begins with.
const (
	magicHigh = 0xda
	magicLow  = 0xbb
)

// Flags is the third byte of a header: what kind of frame it is and, in the low five bits, its serialization.
type Flags byte

// The bits of Flags.
const (
	FlagRequest Flags = 0x80 // request; a response when absent
	FlagTwoWay  Flags = 0x40 // the request wants an answer
	FlagEvent   Flags = 0x20 // heartbeat or READONLY, not a call

	serializationMask Flags = 0x1f
)

// Hessian2 is the serialization id of Hessian 2, the one every Dubbo 2 peer speaks.
const Hessian2 Flags = 2

// Request reports whether the frame is a request.
func (f Flags) Request() bool { return f&FlagRequest != 0 }

// TwoWay reports whether the frame is a request that wants an answer.
func (f Flags) TwoWay() bool { return f&(FlagRequest|FlagTwoWay) == FlagRequest|FlagTwoWay }

// Event reports whether the frame is an event: a heartbeat, its answer, or READONLY.
func (f Flags) Event() bool { return f&FlagEvent != 0 }

// Serialization is the id of the format the body is written in.
func (f Flags) Serialization() Flags { return f & serializationMask }

// Header is the fixed part in front of each frame's body.
type Header struct {
	Flags  Flags
	Status Status // of a response; not meaningful in a request
	ID     uint64 // chosen by the requester, echoed in the response
	Length int    // of the body in bytes
}

// Errors of ParseHeader.
var (
	ErrMagic  = errors.New("frame does not begin with the bytes da bb: the peer does not speak Dubbo 2")
	ErrLength = errors.New("frame declares a negative body length")
)

// ParseHeader reads the header at the start of b, which must hold at least HeaderSize bytes.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("frame header needs %d bytes, %d given", HeaderSize, len(b))
	}
	if b[0] != magicHigh || b[1] != magicLow {
		return Header{}, ErrMagic
	}
	n := int32(binary.BigEndian.Uint32(b[12:]))
	if n < 0 {
		return Header{}, ErrLength
	}
	return Header{Flags: Flags(b[2]), Status: Status(b[3]), ID: binary.BigEndian.Uint64(b[4:]), Length: int(n)}, nil
}

// AppendHeader appends h to dst. Length must not be negative nor above 2^31-1.
func AppendHeader(dst []byte, h Header) []byte {
	dst = append(dst, magicHigh, magicLow, byte(h.Flags), byte(h.Status))
	dst = binary.BigEndian.AppendUint64(dst, h.ID)
	return binary.BigEndian.AppendUint32(dst, uint32(h.Length))
}

// SetLength writes the body length n into the header at the start of frame, once the body is known.
func SetLength(frame []byte, n int) {
	binary.BigEndian.PutUint32(frame[12:HeaderSize], uint32(n))
}

// AppendHeartbeatAnswer appends the answer to the heartbeat request with the given header.
func AppendHeartbeatAnswer(dst []byte, request Header) []byte {
	dst = AppendHeader(dst, Header{Flags: FlagEvent | Hessian2, Status: StatusOK, ID: request.ID, Length: 1})
	return append(dst, tagNull)
}
