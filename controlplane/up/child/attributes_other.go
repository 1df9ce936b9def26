//go:build !linux

package child

import "syscall"

// attributes gives a child its own process group, so that Ctrl-C in the terminal reaches only the parent, which then
// stops its children in order. Without Linux's death signal a parent that is killed with -9 leaves them behind.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
