package translate

import (
	"maps"
	"slices"
	"strings"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	statslogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stats/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// What callers write into headers must not make statistics without end.
const (
	maxCounters   = 4096 // of all services that one policy tells of
	maxHistograms = 512
)

// counts reports whether requests are counted by tags of a policy.
func (t told) counts() bool { return t.settings.Metrics != nil && len(t.settings.Metrics.Tags) > 0 }

// statistics count the requests of services by tags of theirs, for each policy that has some: Envoy's own know none.
func statistics(some []told) (out []*accesslogv3.AccessLog) {
	for _, t := range byPolicy(told{}, some, func(t told) string { return t.stats }) {
		if t.counts() {
			out = append(out, statistic(t))
		}
	}
	return out
}

func statistic(t told) *accesslogv3.AccessLog {
	tags := []*statslogv3.Config_Tag{{Name: "service", ValueFormat: "%METADATA(ROUTE:" + markSpace + ":service)%"}}
	for _, name := range slices.Sorted(maps.Keys(t.settings.Metrics.Tags)) {
		value := t.settings.Metrics.Tags[name]
		format := literal(value)
		if header, ok := strings.CutPrefix(value, "header:"); ok {
			format = "%REQ(" + header + "):64%"
		}
		tags = append(tags, &statslogv3.Config_Tag{Name: name, ValueFormat: format})
	}
	counted := append(slices.Clone(tags), &statslogv3.Config_Tag{Name: "status", ValueFormat: "%RESPONSE_CODE%"})
	return &accesslogv3.AccessLog{
		Name:   "envoy.access_loggers.stats",
		Filter: expressed(withMark("stats", t.stats)),
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: pack(&statslogv3.Config{
			StatsScope: &typev3.Scope{
				Prefix: "dubbomesh", SharingName: t.stats, MaxCounters: wrapperspb.UInt32(maxCounters), MaxHistograms: wrapperspb.UInt32(maxHistograms),
			},
			Counters: []*statslogv3.Config_Counter{{Stat: &statslogv3.Config_Stat{Name: "requests", Tags: counted}, ValueFixed: wrapperspb.UInt64(1)}},
			Histograms: []*statslogv3.Config_Histogram{{
				Stat: &statslogv3.Config_Stat{Name: "request_ms", Tags: tags}, Unit: statslogv3.Config_Histogram_Milliseconds, ValueFormat: "%DURATION%",
			}},
		})},
	}
}

// notCounted reports what has no effect on metrics.
func (t told) notCounted() (problems []model.Problem) {
	if m := t.settings.Metrics; m != nil && m.PerMethod != nil && !*m.PerMethod {
		problems = append(problems, model.Problem{Key: t.stats, Reason: t.stats + ": metrics.perMethod: methods are counted always; leave out what is not wanted where metrics are gathered"})
	}
	return problems
}
