package policies

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// requireNothingLeft requires that a session, whose shell had this process group, has ended what it started, and that the mesh
// has the instances it had before: the reader tries the next folder in the same mesh.
func (m *mesh) requireNothingLeft(t *testing.T, group int, before string) {
	t.Helper()
	if err := poll(patience, func() error {
		if alive := ofGroup(t, group); len(alive) > 0 {
			return fmt.Errorf("these still run: %q", alive)
		}
		return nil
	}); err != nil {
		t.Errorf("the session leaves processes behind: %v", err)
		_ = syscall.Kill(-group, syscall.SIGKILL) // they may have ended
	}
	if err := poll(patience, func() error {
		if after := m.dubbomesh(t, "instances"); after != before {
			return fmt.Errorf("they are\n%s\nand were\n%s", after, before)
		}
		return nil
	}); err != nil {
		t.Errorf("the session changes the instances: %v", err)
	}
}

// ofGroup lists the command lines of the processes of a group that have not ended, whoever has their exit codes to collect.
func ofGroup(t *testing.T, group int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var alive []string
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		text := string(stat) // number (name) state parent group …; a name may have anything in it
		fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
		if len(fields) < 3 || fields[2] != strconv.Itoa(group) || fields[0] == "Z" {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline")) // it may have ended since
		alive = append(alive, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
	}
	return alive
}

// anyLoopback finds addresses of this machine, whatever they are for.
var anyLoopback = regexp.MustCompile(`127\.0\.0\.[0-9]+:[0-9]+`)

// ofMakeRun are the addresses of `make run` that READMEs call.
var ofMakeRun = []string{"127.0.0.1:8080", "127.0.0.1:9901", "127.0.0.1:18001", "127.0.0.1:2379"}

// TestSessionsHaveAddressesOfTheirOwn holds what READMEs start against each other, and bounds what their readers wait for.
func TestSessionsHaveAddressesOfTheirOwn(t *testing.T) {
	owner := map[string]string{}
	for _, name := range folders(t) {
		readme := read(t, filepath.Join("examples", "policies", name, "README.md"))
		for _, address := range anyLoopback.FindAllString(readme, -1) {
			if slices.Contains(ofMakeRun, address) {
				continue
			}
			if other := owner[address]; other != "" && other != name {
				t.Errorf("%s and %s both use %s", other, name, address)
			}
			owner[address] = name
		}
		for _, s := range parseSession(readme) {
			if strings.Contains(s.command, "until ") || strings.Contains(s.command, "while ") {
				t.Errorf("%s: $ %s\nmay never end; write for i in $(seq 300); do … && break; sleep 0.1; done", name, s.command)
			}
		}
	}
}

// TestFolderIsValid validates all that examples/policies has at once, as its README says.
func TestFolderIsValid(t *testing.T) {
	if out, err := (&mesh{}).run("validate", "-f", "examples/policies"); err != nil {
		t.Errorf("dubbomesh validate -f examples/policies: %v\n%s", err, out)
	}
}
