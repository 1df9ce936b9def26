package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of CPU time in /proc, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// moment is what was used up to one point in time.
type moment struct {
	hop, servers, loads time.Duration // CPU time
	busy, total         time.Duration // of all cores together
	counts              []counts      // of each server
}

// look reads all counters that matter for a way.
func (r *rig) look(ctx context.Context, w way, answering []*server) (m moment, err error) {
	gateway := r.mesh.envoyPID
	if w == javaGateway {
		gateway = r.java.process.PID()
	}
	if m.hop, err = cpuTime(gateway); err != nil {
		return m, err
	}
	for _, s := range answering {
		used, err := cpuTime(s.process.PID())
		if err != nil {
			return m, err
		}
		m.servers += used
	}
	var children syscall.Rusage // of those that have ended: what made the load
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children); err != nil {
		return m, err
	}
	m.loads = time.Duration(children.Utime.Nano() + children.Stime.Nano())
	if m.busy, m.total, err = machineTime(); err != nil {
		return m, err
	}
	m.counts, err = r.countAll(ctx, answering)
	return m, err
}

// otherShare is the share of the machine that went to nobody in the rig: neighbours, and the kernel's own work.
func otherShare(before, after moment) float64 {
	ours := after.hop - before.hop + after.servers - before.servers + after.loads - before.loads
	return max(0, float64(after.busy-before.busy-ours)/float64(max(1, after.total-before.total)))
}

// cpuTime is the time that a process has spent in user and kernel mode.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	used, _, err := parseStat(string(text))
	return used, err
}

// parseStat reads /proc/<pid>/stat: the CPU time and the parent. The name in it may hold blanks and parentheses.
func parseStat(text string) (used time.Duration, parent int, err error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, 0, errors.New("/proc/<pid>/stat has too few fields")
	}
	// proc(5) counts from 1 and the first two are cut off: ppid is field 4, utime 14, stime 15.
	parent, err1 := strconv.Atoi(fields[1])
	user, err2 := strconv.ParseInt(fields[11], 10, 64)
	system, err3 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, parent, errors.Join(err1, err2, err3)
}

// machineTime is the time that all cores have worked, and the time that has passed on them.
func machineTime() (busy, total time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseMachine(string(text))
}

func parseMachine(text string) (busy, total time.Duration, err error) {
	first, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(first)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with %q", first)
	}
	for i, field := range fields[1:9] { // the rest is counted in user time already
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat begins with %q", first)
		}
		total += time.Duration(n) * tick
		if i != 3 && i != 4 { // idle, and idle until a disk answers
			busy += time.Duration(n) * tick
		}
	}
	return busy, total, nil
}
