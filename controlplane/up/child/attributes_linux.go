package child

import "syscall"

// attributes gives a child its own process group, so that Ctrl-C in the terminal reaches only the parent, which then
// stops its children in order; and has the kernel kill it when the parent dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
