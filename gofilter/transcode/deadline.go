package transcode

// timeoutKey is the attachment in which Dubbo consumers tell how many milliseconds they wait.
const timeoutKey = "timeout"

// limitTime adds the attachment that tells the provider how long this attempt may take: what Envoy has left of the
// route's timeout, unless the caller asks for less. Dubbo's other such attachment, _TO, is never sent: Dubbo Java 2.7
// answers null instead of the value when it is over.
func (h *head) limitTime() {
	left, ok := decimal(h.get(h.remaining))
	if !ok {
		return
	}
	for i, a := range h.attachments {
		if string(h.get(a.key)) != timeoutKey {
			continue
		}
		if asked, ok := decimal(h.get(a.value)); !ok || asked > left {
			h.attachments[i].value = h.remaining
		}
		return
	}
	h.attach([]byte(timeoutKey), h.get(h.remaining))
}

// sooner reports whether a timeout is one and not longer than another.
func sooner(text, than []byte) bool {
	a, ok := decimal(text)
	b, _ := decimal(than)
	return ok && a <= b
}

// decimal reads a positive number of at most nine digits: eleven days in milliseconds, more than any body in bytes.
func decimal(text []byte) (n int, ok bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n > 0
}
