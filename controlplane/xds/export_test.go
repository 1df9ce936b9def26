package xds

import "time"

// SetLinger makes removed clusters stay for another time with proxies that connect from now on.
func (s *Server) SetLinger(d time.Duration) { s.linger = d }
