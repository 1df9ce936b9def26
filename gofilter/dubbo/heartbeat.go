package dubbo

// AppendHeartbeat appends a heartbeat that wants an answer. The answer is an event with the same id.
func AppendHeartbeat(dst []byte, id uint64) []byte {
	dst = AppendHeader(dst, Header{Flags: FlagRequest | FlagTwoWay | FlagEvent | Hessian2, ID: id, Length: 1})
	return append(dst, tagNull)
}
