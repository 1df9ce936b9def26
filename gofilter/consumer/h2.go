package consumer

import "encoding/binary"

// Frame types of HTTP/2.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePriority     = 0x2
	frameReset        = 0x3
	frameSettings     = 0x4
	framePush         = 0x5
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindow       = 0x8
	frameContinuation = 0x9
)

// Flags of HTTP/2 frames.
const (
	flagEndStream  = 0x1
	flagAck        = 0x1 // of SETTINGS and PING
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

// Settings of HTTP/2.
const (
	settingHeaderTable   = 0x1
	settingPush          = 0x2
	settingMaxStreams    = 0x3
	settingInitialWindow = 0x4
	settingMaxFrame      = 0x5
)

// Error codes of HTTP/2.
const (
	codeNo      = 0x0
	codeRefused = 0x7 // the stream was not begun
	codeCancel  = 0x8
)

const (
	preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHead     = 9       // bytes in front of a frame's payload
	defaultFrame  = 1 << 14 // largest payload that either side may send unless told otherwise
	defaultWindow = 1<<16 - 1
	headerTable   = 4 << 10 // bytes of a dynamic table
	maxWindow     = 1<<31 - 1
	maxStream     = 1<<31 - 1
	maxBlock      = 256 << 10 // bytes of a header block that is taken from the manager
)

// frame is a frame of the manager.
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// appendHead begins a frame.
func appendHead(dst []byte, length int, kind, flags byte, stream uint32) []byte {
	dst = append(dst, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(dst, stream)
}

func appendSetting(dst []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(dst, id), value)
}

// appendNumber appends a frame whose payload is one number: RST_STREAM or WINDOW_UPDATE.
func appendNumber(dst []byte, kind byte, stream, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHead(dst, 4, kind, 0, stream), n)
}

// appendBlock appends a header block as HEADERS and, beyond what one frame holds, CONTINUATION.
func appendBlock(dst []byte, block []byte, stream uint32, size int) []byte {
	kind := byte(frameHeaders)
	for len(block) > size {
		dst = append(appendHead(dst, size, kind, 0, stream), block[:size]...)
		kind, block = frameContinuation, block[size:]
	}
	return append(appendHead(dst, len(block), kind, flagEndHeaders, stream), block...)
}
