package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// about says under which circumstances was measured.
type about struct {
	command, date, system, versions, provider string
}

// describe asks the programs that take part for their versions.
func describe(ctx context.Context, o options) (about, error) {
	a := about{command: command(o), date: time.Now().UTC().Format(time.DateOnly), provider: providerNames[o.provider]}
	a.system = fmt.Sprintf("%d cores%s, %s/%s", runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH)
	mesh := version(ctx, filepath.Join(o.bin, "dubbomesh"), "version")
	envoy := version(ctx, o.envoy, "--version")
	wrk := version(ctx, "wrk", "-v")
	a.versions = fmt.Sprintf("dubbomesh %s, Envoy %s, wrk %s, %s", mesh, envoy, wrk, strings.Replace(runtime.Version(), "go", "Go ", 1))
	return a, ctx.Err()
}

var providerNames = map[string]string{
	"lean": "bench/provider, which does little but read and write Dubbo frames",
	"go":   "dubbo-go 3.3 (examples/dubbo-go)",
	"java": "Dubbo Java 3.3 (examples/dubbo-java), heaps of 512, 1,536 and 2,560 MB",
}

var dotted = regexp.MustCompile(`\b\d+\.\d+\.\d+\b|\b[0-9a-f]{7,12}\b(-dirty)?`)

// version finds what looks like a version in what a program says of itself, whatever its exit code.
func version(ctx context.Context, path, argument string) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, path, argument).CombinedOutput() // wrk -v exits with 1
	var found []string
	for _, v := range dotted.FindAllString(string(out), -1) {
		if strings.Contains(v, ".") {
			return v
		}
		found = append(found, v)
	}
	return strings.Join(found[:min(1, len(found))], "")
}

// processor is the model of the machine's processor, as Linux tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			return " (" + strings.TrimSpace(value) + ")"
		}
	}
	return ""
}

// command is what somebody types to run the same.
func command(o options) string {
	var connections []string
	for _, n := range o.connections {
		connections = append(connections, fmt.Sprint(n))
	}
	var args []string
	if o.rounds != 1 {
		args = append(args, fmt.Sprintf("--rounds %d", o.rounds))
	}
	if names := besideNames(o.ways); names != "" {
		args = append(args, "--beside "+names)
	}
	if o.provider != "lean" {
		args = append(args, "--provider "+o.provider)
	}
	if o.threads != 200 {
		args = append(args, fmt.Sprintf("--threads %d", o.threads))
	}
	line := fmt.Sprintf("make bench-rig DURATION=%s CONNECTIONS=%s", o.duration, strings.Join(connections, ","))
	if len(args) > 0 {
		line += fmt.Sprintf(" ARGS='%s'", strings.Join(args, " "))
	}
	return strings.Replace(line, "1m0s", "60s", 1)
}

// besideNames are the names of the ways that are not always measured.
func besideNames(all []way) string {
	var names []string
	for name, w := range beside {
		if slices.Contains(all, w) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}
