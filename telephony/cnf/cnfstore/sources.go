package cnfstore

import "option150/telephony/cnf"

// Sources are what files are made of besides the configuration. Who builds the
// files of another configuration on paper fills all of them, or says of phones
// what would not be.
type Sources struct {
	// Policy says which loads may be named in the files of a configuration; nil
	// = all.
	Policy func(*cnf.Config) cnf.Firmware
	// Served reports that a file a line names is there, nil = all are.
	Served func(name string) bool
	// Logins are who is logged in where, nil = nobody.
	Logins func() []cnf.Login
}

// Options completes the options of a configuration.
func (s *Sources) Options(c *cnf.Config, o cnf.Options) cnf.Options {
	if s.Policy != nil {
		o.Firmware = s.Policy(c)
	}
	if s.Served != nil {
		for _, name := range cnf.Names(c) {
			if !s.Served(name) {
				o.Absent = append(o.Absent, name)
			}
		}
	}
	if s.Logins != nil {
		o.Logins = s.Logins()
	}
	return o
}
