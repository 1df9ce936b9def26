package testenvoy

import "syscall"

// childAttr makes the kernel end the child together with its parent.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
