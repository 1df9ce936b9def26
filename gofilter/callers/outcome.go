package callers

// Outcome is what came of asking a request who makes it.
type Outcome uint8

// The outcomes; all but the first two refuse.
const (
	Verified  Outcome = iota // the caller is known
	Anonymous                // nothing was shown, and nothing has to be
	Missing                  // nothing was shown
	Malformed                // what was shown cannot be read
	Unknown                  // nobody has this API key, or no caller has this name
	NoKey                    // the caller's key file cannot be used
	Ambiguous                // several callers have this API key
	Mismatch                 // the signature is another one
	Expired                  // it was signed too long ago, or in the future
	Replayed                 // the signature was used before
	TooLarge                 // the body is too large to be checked
	outcomes
)

var outcomeNames = [outcomes]string{
	"verified", "anonymous", "missing", "malformed", "unknown", "no_key", "ambiguous", "mismatch", "expired", "replayed", "too_large",
}

// String is the name that the outcome is counted under.
func (o Outcome) String() string { return outcomeNames[o] }

func (o Outcome) refuses() bool { return o > Anonymous }

// refusedDetails is the response code detail of each refusal, for access logs.
var refusedDetails = func() (all [outcomes]string) {
	for o := range outcomes {
		all[o] = "caller_" + outcomeNames[o]
	}
	return all
}()

// Details is the response code detail of a refusal.
func (o Outcome) Details() string { return refusedDetails[o] }
